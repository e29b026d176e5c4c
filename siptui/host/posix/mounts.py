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
    here = str(path.resolve())
    best = ("/", "", "")
    # As text: a journal is opened by each command, and a host may have hundreds of mounts.
    for mount in _mounts():
        place = mount[0]
        # Of two in the same place the later one hides the other.
        if len(place) >= len(best[0]) and (here + "/").startswith(place.rstrip("/") + "/"):
            best = mount
    place, kind, options = best
    return Mount(Path(place), kind, tuple(options.split(",")) if options else ())


def _mounts() -> list[tuple[str, str, str]]:
    """Place, type and options of the mounts, in the order they were mounted."""
    if sys.platform == "darwin":
        return _mounts_of_macos()
    try:
        lines = _TABLE.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    rows = [line.split(" ") for line in lines]
    return [(_unescaped(row[1]), row[2], row[3]) for row in rows if len(row) > 3]


def _unescaped(text: str) -> str:
    """A mount point as the kernel writes it has blanks and the like as `\\040`."""
    if "\\" not in text:
        return text
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def _mounts_of_macos() -> list[tuple[str, str, str]]:
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
        kind, _, options = said.rstrip(")").partition(", ")
        mounts.append((place, kind, options.replace(", ", ",")))
    return mounts
