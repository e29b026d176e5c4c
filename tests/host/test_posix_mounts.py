"""Which file systems lie across a network, told from tables of mounts as kernels write them."""

from pathlib import Path

import pytest

from siptui.host.mounts import mount_of
from siptui.host.posix import mounts

_TABLE = """\
/dev/mapper/vg-root / ext4 rw,relatime,errors=remount-ro 0 0
proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0
tmpfs /run tmpfs rw,nosuid,nodev,size=803916k,mode=755,inode64 0 0
/etc/auto.home {at}/home autofs rw,relatime,fd=6,timeout=300,indirect 0 0
filer.example:/vol/home/ana {at}/home/ana nfs4 rw,vers=4.2,hard,proto=tcp,local_lock=none 0 0
filer.example:/vol/old {at}/old nfs rw,vers=3,hard,nolock,proto=tcp,local_lock=all 0 0
/dev/sdb1 {at}/home/ana/scratch xfs rw,relatime,attr2,inode64,noquota 0 0
//files.example/it {at}/it\\040team cifs rw,vers=3.1.1,cache=strict,soft,nobrl 0 0
//files.example/hr {at}/hr smb3 rw,vers=3.1.1,cache=strict,mapposix 0 0
ana@jump:/srv {at}/srv fuse.sshfs rw,relatime,user_id=1000 0 0
remote: {at}/cloud fuse.rclone rw,relatime,user_id=1000 0 0
bucket {at}/bucket fuse.gcsfuse rw,relatime,user_id=0,default_permissions 0 0
C:\\134 {at}/mnt/c 9p rw,noatime,aname=drvfs;path=C:\\;uid=1000,cache=5,trans=fd,rfd=5 0 0
10.9.0.1@tcp:/scratch {at}/lustre lustre rw,flock,lazystatfs,encrypt 0 0
10.9.0.1@tcp:/fast {at}/fast lustre rw,localflock,lazystatfs 0 0
10.9.0.7:6789:/ {at}/ceph ceph rw,relatime,name=ana,acl 0 0
gluster.example:/gv0 {at}/gv0 fuse.glusterfs rw,relatime,user_id=0,allow_other 0 0
home {at}/shared virtiofs rw,relatime 0 0
.host:/ {at}/vm fuse.vmhgfs-fuse rw,relatime,user_id=0,allow_other 0 0
/dev/sdc1 {at}/stick fuseblk rw,relatime,user_id=0,allow_other 0 0
/home/.vault {at}/vault fuse.gocryptfs rw,relatime,user_id=1000 0 0
overlay {at}/box overlay rw,relatime,lowerdir=/l,upperdir=/u,workdir=/w 0 0
tank/home {at}/tank zfs rw,xattr,posixacl 0 0
filer.example:/vol/hidden {at}/twice nfs4 rw,relatime,vers=4.2,local_lock=none 0 0
/dev/sdd1 {at}/twice btrfs rw,relatime,space_cache=v2 0 0
"""
_ACROSS = {
    *("home/ana", "old", "it team", "hr", "srv", "cloud", "bucket", "mnt/c", "lustre", "fast"),
    *("ceph", "gv0", "shared", "vm"),
}
_HERE = {"", "home/ana/scratch", "stick", "vault", "box", "tank", "twice"}
_LOCKS_STAY = {"old": "nolock", "it team": "nobrl", "fast": "localflock"}


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mounts"
    file.write_text(_TABLE.format(at=tmp_path))
    monkeypatch.setattr(mounts, "_TABLE", file)
    monkeypatch.setattr("sys.platform", "linux")


@pytest.mark.parametrize("place", sorted(_ACROSS | _HERE))
def test_a_place_is_judged_by_the_nearest_mount(tmp_path: Path, place: str) -> None:
    mount = mount_of(tmp_path / place / "siptui" / "not-yet-there" / "journal.db")
    assert mount.network is (place in _ACROSS), mount
    assert mount.locks_stay == _LOCKS_STAY.get(place, "")


def test_where_there_is_no_table_nothing_is_taken_for_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "_TABLE", tmp_path / "nothing")
    assert not mount_of(tmp_path).network


def test_the_table_of_a_mac_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    said = (
        "/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)\n"
        "/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse, protect)\n"
        "//ana@files._smb._tcp.local/it on /Volumes/it (team) (smbfs, nodev, nosuid)\n"
        "jump:/srv on /Volumes/srv (macfuse, nodev, nosuid, synchronous, mounted by ana)\n"
    )

    class Done:
        stdout = said

    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("subprocess.run", lambda *_, **__: Done)
    across = {
        "/": False,
        "/System/Volumes/Data": False,
        "/Volumes/it (team)": True,
        "/Volumes/it": False,
        "/Volumes/srv": True,
    }
    assert {place: mount_of(Path(place, "siptui")).network for place in across} == across
    assert mount_of(Path("/Volumes/it (team)")).options == ("nodev", "nosuid")
