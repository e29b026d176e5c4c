"""The time left to sign a device in: shown as it runs out, and a column to sort by."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from siptui.domain.columns import Mapped
from siptui.domain.list_options import ListOptions
from siptui.runs.events import Options
from tests.tui.harness import console
from tests.tui.scripted_runs import ScriptedRuns, make_devices

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
#: Hours since each phone was onboarded.
AGES = (0.0, 68.8, 71.9, 73.0)


def _list(path: Path) -> Path:
    rows = ["Username,HardwareId,Region,OnboardedAt"]
    for phone, age in zip(make_devices(4), AGES, strict=True):
        when = (NOW - timedelta(hours=age)).isoformat()
        rows.append(f"{phone.user_name},{phone.hardware_id},{phone.region},{when}")
    path.write_text("\n".join([*rows, ""]))
    return path


async def test_the_time_left_runs_out_and_is_sorted_by(tmp_path: Path) -> None:
    file = _list(tmp_path / "phones.csv")
    file.write_text(file.read_text().replace("OnboardedAt", "Ausgabe"))
    mapped = Mapped({"onboarded_at": ("Ausgabe",)}, "config.toml")
    async with console(
        tmp_path, file=file, list_options=ListOptions(mapped), size=(140, 30)
    ) as harness:
        assert (
            "date of onboarding from “Ausgabe” (named by “onboarded_at” in config.toml)"
            in harness.flat
        )
        main = harness.console
        board = main.session.board
        board._now = lambda: NOW
        main.count_down()
        await harness.settle()
        for text in ("72 h", "3 h 12 min", "6 min", "past"):
            assert text in harness.text, text
        board._now = lambda: NOW + timedelta(minutes=10)
        main.count_down()
        await harness.settle()
        assert "71 h" in harness.text
        assert "3 h 02 min" in harness.text
        assert harness.text.count("past") == 2
        await harness.press("S")
        await harness.press("end")
        await harness.press("enter")
        order = [row.key for row in (main.grid.index.rows[i] for i in main.grid.index.view)]
        assert order == [3, 2, 1, 0]


async def test_the_confirmation_tells_of_deadlines_and_of_other_runs(tmp_path: Path) -> None:
    runs = ScriptedRuns(tmp_path)
    phones = make_devices(2)
    runs.create(phones, file="old.csv", sha256="", skipped=0, options=Options())
    file = _list(tmp_path / "phones.csv")
    async with console(tmp_path, file=file, size=(140, 40), runs=runs) as harness:
        await harness.press("s")
        assert "past the deadline" in harness.flat
        assert f"2 of the devices wait in run {runs.newest}" in harness.flat
