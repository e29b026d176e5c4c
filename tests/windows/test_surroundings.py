"""Where state lies, and what is around a process."""

import os
import subprocess
import sys
import winreg
from collections.abc import Iterator
from pathlib import Path

import pytest

from siptui.host.mounts import mount_of
from siptui.host.windows.mounts import SYNC_ROOTS
from siptui.host.windows.security import my_sid
from siptui.host.windows.surroundings import (
    in_package,
    look_around,
    place_of_what_is_written,
    true_place,
)
from tests.windows.jobs import Session


@pytest.fixture
def dropbox(tmp_path: Path) -> Iterator[Path]:
    """A folder that a client of cloud storage has registered."""
    folder = tmp_path / "Dropbox (Contoso)"
    folder.mkdir()
    key = rf"{SYNC_ROOTS}\Dropbox!{my_sid()}!Personal"
    with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, rf"{key}\UserSyncRoots") as roots:
        winreg.SetValueEx(roots, my_sid(), 0, winreg.REG_SZ, str(folder))
    try:
        yield folder
    finally:
        winreg.DeleteKey(winreg.HKEY_LOCAL_MACHINE, rf"{key}\UserSyncRoots")
        winreg.DeleteKey(winreg.HKEY_LOCAL_MACHINE, key)


def test_a_folder_that_is_copied_to_other_hosts_is_known(
    dropbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount = mount_of(dropbox / "siptui" / "lab")
    assert mount.network
    assert mount.locks_stay == "synchronised"
    assert not mount_of(tmp_path / "siptui").network
    cloud = tmp_path / "OneDrive - Contoso"
    monkeypatch.setenv("OneDriveCommercial", str(cloud))
    assert mount_of(cloud / "siptui").locks_stay == "synchronised"


def test_a_share_is_across_a_network() -> None:
    mount = mount_of(Path(r"\\filer.example\it\siptui"))
    assert mount.network
    assert not mount.locks_stay


def test_the_true_place_of_a_folder_is_told_and_nothing_left(tmp_path: Path) -> None:
    assert not in_package()
    assert true_place(tmp_path) == tmp_path.resolve()
    missing = tmp_path / "a" / "b"
    assert place_of_what_is_written(missing) == tmp_path.resolve() / "a" / "b"
    assert list(tmp_path.iterdir()) == []


def test_what_is_around_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = look_around({"WT_SESSION": "7d1c"})
    assert seen.terminal == "Windows Terminal"
    assert seen.code_page.startswith("cp")
    assert look_around({"SSH_CONNECTION": "a 1 b 22"}).over_ssh
    code = (
        "import os; from siptui.host.surroundings import look_around; "
        "print(look_around(os.environ).job is not None)"
    )
    session = Session(leave=True)
    process = session.start([sys.executable, "-c", code], os.environ, stdout=subprocess.PIPE)
    assert process.communicate(timeout=60)[0].strip() == "True"
    session.close()
