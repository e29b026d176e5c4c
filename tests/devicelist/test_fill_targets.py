"""Where a list is filled in: the list and whatever is at the target are never damaged."""

import fcntl
import json
import os
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import pytest

from siptui.devicelist import DeviceList, ListError, WriteError, read
from siptui.devicelist.filled_copy import RowStatus, fill
from siptui.domain.errors import SiptuiError
from siptui.domain.list_options import DEFAULT_OPTIONS
from siptui.domain.region import Region
from tests.fuzz.archives import ROWS
from tests.support.memory_folder import folder_of_all
from tests.support.two_users import as_neighbour
from tests.support.workbooks import xlsx

pytestmark = pytest.mark.skipif("sys.platform == 'win32'", reason="of POSIX file systems")

_CSV = b"Username,HardwareId\na@c.de,0004F28124B3\nb@c.de,0004F28124B4\n"
_THEIRS = b"of another program\n"


def _statuses(found: DeviceList) -> Mapping[int, RowStatus]:
    return {device.line: RowStatus("signed in") for device in found.devices}


def _fill(
    source: Path,
    target: Path,
    statuses: Callable[[DeviceList], Mapping[int, RowStatus]] = _statuses,
    *,
    force: bool = True,
) -> None:
    fill(source, target, statuses, options=DEFAULT_OPTIONS, region=Region.EMEA, force=force)


@pytest.fixture(params=["list.csv", "list.xlsx"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / str(request.param)
    path.write_bytes(_CSV if path.suffix == ".csv" else xlsx({"S": ROWS}))
    return path


def _refused(source: Path, target: Path, error: type[SiptuiError] = WriteError) -> SiptuiError:
    """The refusal: the list is what it was, and nothing is left behind."""
    whole, names = source.read_bytes(), sorted(path.name for path in source.parent.rglob("*"))
    with pytest.raises(error) as caught:
        _fill(source, target)
    assert caught.value.remedy
    assert source.read_bytes() == whole
    assert sorted(path.name for path in source.parent.rglob("*")) == names
    return caught.value


@pytest.mark.parametrize(
    "kind", ["link", "link to the list", "dangling", "folder", "pipe", "device"]
)
def test_a_target_that_is_no_plain_file_is_left_alone(source: Path, kind: str) -> None:
    target = source.with_name(f"target{source.suffix}")
    other = source.with_name("other")
    other.write_bytes(_THEIRS)
    if kind == "folder":
        target.mkdir()
    elif kind == "pipe":
        os.mkfifo(target)
    elif kind == "device":
        target.symlink_to("/dev/full")
    else:
        target.symlink_to({"link": other, "dangling": source.parent / "no"}.get(kind, source))
    error = _refused(source, target)
    assert error.code == "not_a_file"
    assert str(target) in error.message
    assert other.read_bytes() == _THEIRS


def test_a_target_that_is_read_only_is_left_alone(source: Path) -> None:
    target = source.with_name(f"target{source.suffix}")
    target.write_bytes(_THEIRS)
    target.chmod(0o444)
    error = _refused(source, target)
    assert (error.code, str(target) in error.message) == ("read_only", True)
    assert target.read_bytes() == _THEIRS
    assert stat.S_IMODE(target.stat().st_mode) == 0o444
    source.chmod(0o400)
    assert _refused(source, source).code == "read_only"


def test_a_folder_that_may_not_be_written_is_told() -> None:
    """By another user where this one is root, who may write everywhere."""
    with tempfile.TemporaryDirectory(dir=folder_of_all()) as name:
        source, folder = Path(name, "list.csv"), Path(name, "folder")
        source.write_bytes(_CSV)
        source.chmod(0o644)
        folder.mkdir()
        folder.chmod(0o555)
        Path(name).chmod(0o755)

        def act() -> list[str]:
            error = _refused(source, folder / "copy.csv")
            return [error.code, error.message, error.remedy]

        code, message, remedy = as_neighbour(act) if os.geteuid() == 0 else act()
        assert code == "unwritable"
        assert message == f"{folder / 'copy.csv'} cannot be written: Permission denied."
        assert "that you may write to" in remedy
        assert not list(folder.iterdir())
        folder.chmod(0o755)


def test_what_is_saved_in_the_list_while_it_is_filled_in_is_kept(source: Path) -> None:
    """The list itself may be the target."""
    new = source.read_bytes().replace(b"a@c.de", b"z@c.de") + b"\n"
    seen: list[int] = []

    def saved(found: DeviceList) -> Mapping[int, RowStatus]:
        other = source.with_name("new")
        other.write_bytes(new)
        other.replace(source)  # as programs save
        seen.append(1)
        return _statuses(found)

    with pytest.raises(ListError, match="changed while it was filled in"):
        _fill(source, source, saved)
    assert seen
    assert source.read_bytes() == new
    assert [path.name for path in source.parent.iterdir()] == [source.name]


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_a_target_that_is_replaced_meanwhile_leads_nowhere_else(source: Path, kind: str) -> None:
    target, other = source.with_name(f"target{source.suffix}"), source.with_name("other")
    other.write_bytes(_THEIRS)
    target.write_bytes(b"old")

    def replaced(found: DeviceList) -> Mapping[int, RowStatus]:
        target.unlink()
        if kind == "link":
            target.symlink_to(other)
        else:
            target.mkdir()
        return _statuses(found)

    with pytest.raises(WriteError) as caught:
        _fill(source, target, replaced)
    assert caught.value.code == "not_a_file"
    assert other.read_bytes() == _THEIRS


def test_who_has_the_target_open_and_locked_goes_on_with_the_file_it_has(source: Path) -> None:
    """A lock here is advice for others that ask for it; nobody reads half of each."""
    target = source.with_name(f"target{source.suffix}")
    target.write_bytes(_THEIRS)
    with target.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _fill(source, target)
        assert file.read() == _THEIRS
    assert len(read(target, region=Region.EMEA).devices) == len(
        read(source, region=Region.EMEA).devices
    )


_LIMITED = """
import json, resource, sys
from pathlib import Path
from siptui.devicelist.filled_copy import RowStatus, fill
from siptui.domain.errors import SiptuiError
from siptui.domain.list_options import DEFAULT_OPTIONS
from siptui.domain.region import Region
source, *targets = map(Path, sys.argv[1:])
sys.dont_write_bytecode = True  # it would keep the first bytes of what it compiles
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
said = []
for target in targets:
    try:
        fill(source, target, lambda found: {d.line: RowStatus("x") for d in found.devices},
            options=DEFAULT_OPTIONS, region=Region.EMEA, force=True)
        said.append("")
    except SiptuiError as error:
        said.append(f"{error.code} {error.message} {error.remedy}")
print(json.dumps(said))
"""


def test_a_full_disk_leaves_the_list_and_the_target_as_they_are(source: Path) -> None:
    """In a real process that may write no larger file: the system refuses as with a full disk."""
    target, new = (source.with_name(f"{name}{source.suffix}") for name in ("target", "new"))
    target.write_bytes(_THEIRS)
    before = source.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(source), str(target), str(source), str(new)],
        capture_output=True,
        text=True,
        check=False,
    )
    said = json.loads(done.stdout)
    for text, path in zip(said, (target, source, new), strict=True):
        assert text.startswith(f"unwritable {path} cannot be written: "), text
        assert "with room left" in text
    assert (source.read_bytes(), target.read_bytes()) == (before, _THEIRS)
    assert {path.name for path in source.parent.iterdir()} == {source.name, target.name}


def _protected() -> bytes:
    """A workbook whose sheets and whose structure are locked in the program, with a password."""
    data = xlsx({"S": ROWS})
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as parts, zipfile.ZipFile(out, "w") as target:
        for name in parts.namelist():
            part = parts.read(name)
            part = part.replace(
                b"</sheetData>",
                b'</sheetData><sheetProtection algorithmName="SHA-512" hashValue="AA==" '
                b'saltValue="AA==" spinCount="100000" sheet="1" objects="1" scenarios="1"/>',
            ).replace(b"<sheets>", b'<workbookProtection lockStructure="1"/><sheets>')
            target.writestr(name, part)
    return out.getvalue()


def test_a_protected_sheet_is_read_and_its_copy_is_protected_as_well(tmp_path: Path) -> None:
    source, target = tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    source.write_bytes(_protected())
    assert len(read(source, region=Region.EMEA).devices) == 3
    _fill(source, target)
    assert len(read(target, region=Region.EMEA).devices) == 3
    with zipfile.ZipFile(target) as copy, zipfile.ZipFile(source) as list_:
        assert b"<sheetProtection algorithmName" in copy.read("xl/worksheets/sheet1.xml")
        book = copy.read("xl/workbook.xml")
        assert b"<workbookProtection" in book
        assert book == list_.read("xl/workbook.xml")


def test_a_list_with_a_password_is_no_target_and_no_source(tmp_path: Path) -> None:
    source = tmp_path / "list.xlsx"
    encrypted = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600
    source.write_bytes(encrypted + "EncryptedPackage".encode("utf-16-le"))
    for target in (source, tmp_path / "copy.xlsx"):
        error = _refused(source, target, ListError)
        assert (error.code, str(source) in error.message) == ("encrypted", True)
        assert "password" in error.remedy
