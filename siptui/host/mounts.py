"""File systems: which ones lie across a network, and whether their locks reach other hosts."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

#: Types of file systems on which neither locks nor SQLite's write-ahead log can be relied on.
#: Shared folders of virtual machines are among them: their shared memory ends at the machine.
_NETWORK = re.compile(
    r"9p|acfs|afp_?fs|afs|beegfs|ceph|cifs|coda|davfs|drvfs|fhgfs|gfs2?|glusterfs|gpfs|lustre|ncpfs"
    r"|nfs[34]?|ocfs2|orangefs|panfs|prl_fs|pvfs2|smb[23]?|smbfs|vboxsf|virtiofs|vmhgfs|webdav"
    r"|wekafs"
)
#: A file system in user space is taken for one across a network unless it is known to be local:
#: there are dozens that are (sshfs, rclone, s3fs, gcsfuse, blobfuse2 …), and new ones every year.
_FUSE = re.compile(r"(?:mac|osx)?fuse(?:\.(?P<name>.*))?")
_LOCAL_FUSE = re.compile(
    r"bindfs|cryfs|encfs|exfat|fuse-overlayfs|gocryptfs|lxcfs|mergerfs|ntfs-?3g|portal|securefs|zfs"
)
#: Options with which locks are between the processes of this host alone (nfs(5), mount.cifs(8),
#: mount.lustre(8)).
_LOCKS_STAY = re.compile(r"nolock|local_lock=(?:all|flock|posix)|nobrl|nosharedlocks|localflock")
_TABLE = Path("/proc/self/mounts")


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system: where, of what type, with which options."""

    place: Path
    kind: str
    options: tuple[str, ...] = ()

    @property
    def network(self) -> bool:
        """Whether it lies across a network, as far as its type tells."""
        if fuse := _FUSE.fullmatch(self.kind):
            return not _LOCAL_FUSE.fullmatch(fuse["name"] or "")
        return _NETWORK.fullmatch(self.kind) is not None

    @property
    def locks_stay(self) -> str:
        """The option by which other hosts do not see this host's locks, or nothing."""
        if not self.network:
            return ""
        return next((o for o in self.options if _LOCKS_STAY.fullmatch(o)), "")


def mount_of(path: Path) -> Mount:
    """The mount that `path`, or its nearest existing parent, lies on; where that cannot be told,
    one without a type."""
    path = path.resolve()
    best = Mount(Path("/"), "")
    for mount in _mounts():
        # Of two in the same place the later one hides the other.
        if path.is_relative_to(mount.place) and len(mount.place.parts) >= len(best.place.parts):
            best = mount
    return best


def _mounts() -> list[Mount]:
    """The mounts, in the order they were mounted."""
    if sys.platform == "darwin":
        return _mounts_of_macos()
    try:
        lines = _TABLE.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    rows = [line.split(" ") for line in lines]
    return [
        Mount(Path(_unescaped(row[1])), row[2], tuple(row[3].split(",")))
        for row in rows
        if len(row) > 3
    ]


def _unescaped(text: str) -> str:
    """A mount point as the kernel writes it has blanks and the like as `\\040`."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def _mounts_of_macos() -> list[Mount]:
    import subprocess

    try:
        done = subprocess.run(
            ["/sbin/mount"], capture_output=True, text=True, timeout=3, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    mounts = []
    for line in done.stdout.splitlines():
        _, _, rest = line.partition(" on ")
        place, _, said = rest.rpartition(" (")
        kind, *options = said.rstrip(")").split(", ")
        mounts.append(Mount(Path(place), kind, tuple(options)))
    return mounts
