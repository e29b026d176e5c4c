"""The table of mounts (Linux, macOS)."""

import re
import sys
from pathlib import Path

assert sys.platform != "win32"


from siptui.host.mount import Mount

_TABLE = Path("/proc/self/mounts")


def mount_of(path: Path) -> Mount:
    """The mount that `path`, or its nearest existing parent, lies on; one without a type where
    that cannot be told."""
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
