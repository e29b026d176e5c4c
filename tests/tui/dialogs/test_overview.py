"""All profiles of a host in the console, from real journals, and the way to another one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from siptui.app.all_profiles import HostProfiles
from siptui.runs import events as ev
from siptui.tui.dialogs.ask import Choice
from siptui.tui.dialogs.overview import OverviewPage
from siptui.tui.options import Destination
from tests.tui.harness import ConsoleHarness, CountingDriver, console
from tests.tui.scripted_runs import ScriptedRuns, list_text, make_devices
from tests.tui.terminal import Terminal

_NAMES = [f"tenant-{number:02}" for number in range(15)]


class Host:
    """Fifteen profiles; each has the journal that a test gives it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.state = folder / "state"
        config = folder / "config"
        config.mkdir()
        profiles = [f'[profiles.{name}]\ntenant = "{name}.example"\n' for name in _NAMES]
        (config / "config.toml").write_text("".join(profiles))
        monkeypatch.setenv("SIPTUI_CONFIG_DIR", str(config))
        monkeypatch.setenv("SIPTUI_STATE_DIR", str(self.state))
        self._opened: list[ScriptedRuns] = []

    def runs(self, name: str) -> ScriptedRuns:
        folder = self.state / name
        folder.mkdir(parents=True, exist_ok=True)
        runs = ScriptedRuns(folder, tenant=f"{name}.example", file="journal.db")
        self._opened.append(runs)
        return runs

    def close(self) -> None:
        for runs in self._opened:
            runs.close()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    host = Host(tmp_path, monkeypatch)
    yield host
    host.close()


def _planned(runs: ScriptedRuns, count: int) -> str:
    return runs.create(
        make_devices(count), file="/lists/lobby.csv", sha256="", skipped=0, options=ev.Options()
    )


def _page(harness: ConsoleHarness) -> OverviewPage:
    page = harness.app.screen
    assert isinstance(page, OverviewPage)
    return page


async def test_fifteen_tenants_at_once_live_and_the_way_to_one(host: Host, tmp_path: Path) -> None:
    here, other = host.runs(_NAMES[3]), host.runs(_NAMES[7])
    _planned(here, 2)
    here.accept(1)
    here.finish(range(2))
    here.write(ev.RunFinished(succeeded=2, failed=0, unknown=0, skipped=0, seconds=9))
    run = _planned(other, 5)
    other.write(ev.BatchSubmitting(batch=1, region=make_devices(1)[0].region, devices=5))
    other.write(ev.BatchInDoubt(batch=1, why="the connection broke"))
    other.write(ev.BatchUnsettled(batch=1, why="two match", candidates=["9b1c", "44e0"]))
    options = {"profiles": HostProfiles(), "profile": _NAMES[3], "runs": here}
    async with console(tmp_path, size=(80, 24), counting=True, **options) as harness:  # type: ignore[arg-type]
        await harness.press("O")
        assert all(name in harness.text for name in _NAMES)
        assert "15 profiles" in harness.text
        assert "1 needs a person" in harness.text
        rows = {row[0].removesuffix(" (here)"): row for row in harness.rows_of_page}
        assert rows[_NAMES[3]][0].endswith(" (here)")
        assert "✓2 of 2 lobby.csv" in rows[_NAMES[3]][-1]
        assert "1 batch in doubt" in rows[_NAMES[7]][4]
        # What is new there is seen here; nothing new costs no byte.
        new = host.runs(_NAMES[9])
        _planned(new, 7)
        new.accept(1)
        _page(harness)._look()
        await harness.settle()
        rows = {row[0]: row for row in harness.rows_of_page}
        assert rows[_NAMES[9]][2] == "7 in 1"
        driver = harness.app._driver
        assert isinstance(driver, CountingDriver)
        driver.take()
        _page(harness)._look()
        await harness.settle()
        assert driver.take() == ""
        await harness.press(*"jjjj")
        assert f"Run {run}: 1 batch in doubt; you decide." in harness.flat
        # Enter on this profile's own line attaches to its run; on another's it leads there.
        await harness.press("g", "j", "j", "j", "enter")
        assert harness.console.session.run is not None
        assert harness.console.session.run.run == here.newest
        await harness.press("O", "j", "j", "j", "j", "enter")
        assert harness.app.return_value == Destination(_NAMES[7], run)


async def test_a_list_that_was_not_submitted_is_left_after_a_question(
    host: Host, tmp_path: Path
) -> None:
    here = host.runs(_NAMES[0])
    options = {"profiles": HostProfiles(), "profile": _NAMES[0], "runs": here}
    text = list_text(make_devices(3))
    async with console(tmp_path, text=text, size=(80, 24), **options) as harness:  # type: ignore[arg-type]
        await harness.press("O", "enter")
        assert f"{_NAMES[0]} has no run yet" in harness.text
        await harness.press("O", "G", "enter")
        assert isinstance(harness.app.screen, Choice)
        assert "not submitted" in harness.question
        await harness.press("enter")
        assert harness.app.return_value is None
        assert len(harness.rows) == 3
        # While a submit is being confirmed the key belongs to the question.
        await harness.press("s", "O")
        assert not isinstance(harness.app.screen, OverviewPage)
        await harness.press("escape", "O", "G", "enter", "j", "enter")
        assert harness.app.return_value == Destination(_NAMES[-1])
    assert not here.started


def test_the_console_goes_from_one_tenant_to_another_and_back(host: Host) -> None:
    _planned(host.runs(_NAMES[1]), 4)
    host.close()
    terminal = Terminal("--profile", _NAMES[0], command="open")
    try:
        terminal.shows("tenant-00.example")
        terminal.write("O")
        terminal.shows("15 profiles")
        terminal.write("j\r")
        terminal.shows("tenant-01.example", "lobby.csv", "lobby.00003@contoso.com")
        terminal.write("O")
        terminal.shows("15 profiles")
        terminal.write("k\r")
        terminal.shows("tenant-00.example", "No device list yet")
        terminal.write("q")
        assert terminal.leave() == 0
    finally:
        terminal.close()


async def test_a_tenant_is_found_by_typing_and_a_further_one_is_added(
    host: Host, tmp_path: Path
) -> None:
    here = host.runs(_NAMES[0])
    options = {"profiles": HostProfiles(), "profile": _NAMES[0], "runs": here}
    async with console(tmp_path, size=(80, 24), **options) as harness:  # type: ignore[arg-type]
        await harness.press("O", "slash")
        await harness.type("tenant-1")
        assert [row[0] for row in harness.rows_of_page] == _NAMES[10:]
        await harness.press("escape")
        assert len(harness.rows_of_page) == 15
        await harness.press("slash")
        await harness.type("-0 7.EX")
        assert [row[0] for row in harness.rows_of_page] == [_NAMES[7]]
        await harness.press("down")
        assert "filter: -0 7.ex" in harness.text
        await harness.press("escape", "O", "a")
        harness.fill("fabrikam.com")
        await harness.press("enter", "enter", "j", "j", "enter")
        assert harness.app.return_value == Destination("fabrikam", made=True)
    config = (tmp_path / "config" / "config.toml").read_text()
    assert config.endswith(
        '\n[profiles.fabrikam]\ntenant = "fabrikam.com"\ncloud = "public"\nregion = "EMEA"\n'
    )
    async with console(tmp_path, size=(80, 24), **options) as harness:  # type: ignore[arg-type]
        await harness.press("O", "a")
        harness.fill("fabrikam.net")
        await harness.press("enter", "enter", "enter")
        assert harness.app.return_value == Destination("fabrikam-2", made=True)
    options["read_only"] = True
    async with console(tmp_path, size=(80, 24), **options) as harness:  # type: ignore[arg-type]
        await harness.press("O")
        assert "add a profile" not in harness.text
        await harness.press("a", "slash")
        await harness.type("fabrikam-2")
        await harness.press("enter")
        assert harness.app.return_value == Destination("fabrikam-2")
