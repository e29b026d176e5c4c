"""A mounted file system: whether it lies across a network, and its locks reach other hosts."""

from pathlib import Path

from msgspec import Struct

from siptui.domain.patterns import regex

#: Types of file systems on which neither locks nor SQLite's write-ahead log can be relied on.
#: Shared folders of virtual machines are among them: their shared memory ends at the machine.
_NETWORK = regex(
    r"9p|acfs|afp_?fs|afs|beegfs|ceph|cifs|cloud|coda|davfs|drvfs|fhgfs|gfs2?|glusterfs|gpfs|lustre|ncpfs"
    r"|nfs[34]?|ocfs2|onedrive|orangefs|panfs|prl_fs|pvfs2|smb[23]?|smbfs|vboxsf|virtiofs|vmhgfs|webdav"
    r"|wekafs"
)
#: A file system in user space is taken for one across a network unless it is known to be local:
#: there are dozens that are (sshfs, rclone, s3fs, gcsfuse, blobfuse2 …), and new ones every year.
_FUSE = regex(r"(?:mac|osx)?fuse(?:\.(?P<name>.*))?")
_LOCAL_FUSE = regex(
    r"bindfs|cryfs|encfs|exfat|fuse-overlayfs|gocryptfs|lxcfs|mergerfs|ntfs-?3g|portal|securefs|zfs"
)
#: Options with which locks are between the processes of this host alone (nfs(5), mount.cifs(8),
#: mount.lustre(8)), or files are copied from host to host.
_LOCKS_STAY = regex(
    r"nolock|local_lock=(?:all|flock|posix)|nobrl|nosharedlocks|localflock|synchronised"
)


class Mount(Struct, frozen=True):
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
