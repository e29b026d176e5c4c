"""Where a window of this process would be seen."""

import sys

import pytest

from siptui.host.desktop import Desktop, desktop


def test_over_ssh_no_window_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 50022 192.0.2.1 22")
    windows = sys.platform == "win32"
    assert desktop() is (Desktop.OVER_SSH if windows else Desktop.OTHER_SYSTEM)


def test_without_ssh_it_is_the_session_that_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    monkeypatch.delenv("SSH_CLIENT", raising=False)
    if sys.platform != "win32":
        assert desktop() is Desktop.OTHER_SYSTEM
        return
    from siptui.host.windows import desktop as side

    assert desktop() is not Desktop.OVER_SSH
    for core, service, where in (
        (True, True, Desktop.SERVER_CORE),
        (False, True, Desktop.NO_SESSION),
        (False, False, Desktop.HERE),
    ):
        monkeypatch.setattr("siptui.host.desktop.server_core", lambda core=core: core)
        monkeypatch.setattr("siptui.host.desktop.no_desktop", lambda gone=service: gone)
        assert desktop() is where
    assert isinstance(side.server_core(), bool)
    assert isinstance(side.no_desktop(), bool)
