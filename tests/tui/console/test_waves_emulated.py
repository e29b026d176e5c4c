"""A run by site from the keys of the console to its end: the emulated tenant, in emulated time."""

from collections.abc import Callable
from pathlib import Path

import pytest

from siptui.app.demo_tenant import demo_tenant
from siptui.domain.state import DeviceState
from siptui.runs.group_tally import tallies
from siptui.runs.state import RunState
from siptui.tui.app import SiptuiApp
from siptui.tui.console.screen import Console
from siptui.tui.options import ConsoleOptions
from siptui.tui.widgets.text_lines import Surface

_SCENARIO = """
[tenant]
name = "Contoso Ltd"
[timing]
device = [40, 200]
[[devices]]
match = ["00-04-F2-00-01-*"]
known = false
"""


def _list(folder: Path) -> Path:
    rows = ["Username,HardwareId,Region,Site"]
    for place, site in enumerate(("Berlin", "Bonn", "Oslo")):
        rows += [
            f"{site.lower()}.{n}@contoso.com,00-04-F2-00-{place:02}-{n:02X},EMEA,{site}"
            for n in range(20)
        ]
    file = folder / "phones.csv"
    file.write_text("\n".join([*rows, ""]), encoding="utf-8")
    return file


@pytest.mark.slow
def test_a_site_that_fails_is_stopped_by_its_first_and_gone_on_with(tmp_path: Path) -> None:
    from screenshots import emulated  # sets what Textual reads: not for the other tests

    scenario = tmp_path / "scenario.toml"
    scenario.write_text(_SCENARIO)

    async def main() -> None:
        demo = demo_tenant(tmp_path, str(scenario), speed=1.0)
        options = ConsoleOptions(file=_list(tmp_path), looks_for_personal=False, refresh_hz=0.5)
        app = SiptuiApp(demo.run_service, options)
        async with app.run_test(size=(80, 24)) as pilot:
            console = app.screen_stack[0]
            assert isinstance(console, Console)

            async def press(*keys: str) -> None:
                for key in keys:
                    await pilot.press(key)
                    await pilot.pause(0.1)

            def text() -> str:
                lines = app.screen._compositor.render_strips()
                return "\n".join(strip.text for strip in lines)

            async def until(wanted: Callable[[RunState], object]) -> None:
                for _ in range(2_000):
                    run = console.session.run
                    if run is not None and wanted(run):
                        return
                    await pilot.pause(5)
                raise AssertionError("it does not come to that")

            async def until_it_stops() -> None:
                await until(lambda run: run.finished or run.stopped)

            await pilot.pause(2)
            await press("s", "w", "right", "down", "4", "enter")
            for _ in range(2_000):  # what is confirmed is planned anew, in a thread
                asked = app.screen.query_one("#dialog-text", Surface).lines
                said = " ".join("".join(text for text, _ in line) for line in asked)
                if "By Site, 3 values" in said and "60 accounts" in said:
                    break
                await pilot.pause(0.01)
            assert "By Site, 3 values" in said
            assert "6 batches" in " ".join(said.split())
            await press("6", "0", "enter")
            await until(lambda run: run.counts[DeviceState.SUCCEEDED] > 4)  # as an estimate needs
            await press("t")
            assert "By Site" in text()
            assert "min left" in text()
            await until_it_stops()
            run = console.session.run
            assert run is not None
            stands = {one.group: (one.succeeded, one.failed, one.left) for one in tallies(run)}
            assert stands == {"Berlin": (20, 0, 0), "Bonn": (0, 4, 16), "Oslo": (20, 0, 0)}
            counts = [one.summary.count for one in await demo.tenant_batches.batches()]
            assert sum(count or 0 for count in counts) == 44  # no other password was reset
            await pilot.pause(1)
            assert "4 of 4 devices not signed in, more than 10 %; 16 not submitted" in text()
            await press("G")
            assert "resumes: goes on with all that was stopped (Bonn)" in " ".join(text().split())
            await press("escape", "h", "r", "1", "6", "enter")
            await until(lambda run: not run.stopped)
            await until_it_stops()
            counts = [one.summary.count for one in await demo.tenant_batches.batches()]
            assert sum(count or 0 for count in counts) == 60
        demo.run_service.close()

    emulated.run(main)
