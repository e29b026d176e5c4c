"""Help by what one wants to do, and commands by any word for them."""

from pathlib import Path

from rich.cells import cell_len

from siptui.tui.actions import ACTIONS, resolve_keys
from siptui.tui.console.help_text import GROUPS, help_lines
from siptui.tui.dialogs.palette import Palette
from tests.tui.harness import console
from tests.tui.scripted_runs import list_text, make_devices
from tests.tui.service import Service


def test_every_action_stands_in_one_group() -> None:
    grouped = [one for _, ids in GROUPS for one in ids]
    assert sorted(grouped) == sorted(action.id for action in ACTIONS)


def test_help_has_one_line_an_entry_at_80_columns() -> None:
    lines = ["".join(text for text, _ in line) for line in help_lines(resolve_keys())]
    long = [line for line in lines[:-1] if cell_len(line) > 78]  # the last names all topics
    assert long == []
    assert lines[0] == "Get ready"
    own = help_lines(resolve_keys({"submit": "z"}))
    assert any("z, r, F" in text for line in own for text, _ in line)


async def test_the_palette_has_one_line_an_entry_at_80_columns(tmp_path: Path) -> None:
    service = Service(tmp_path)
    options = {
        "tenant_batches": service.tenant_batches,
        "checks": service.checks,
        "status": service.status,
        "runs": service.runs,
    }
    text = list_text(make_devices(4))
    async with console(tmp_path, text=text, size=(80, 24), **options) as harness:  # type: ignore[arg-type]
        await harness.press("colon")
        palette = harness.app.screen
        assert isinstance(palette, Palette)
        seen: set[str] = set()
        for _ in range(6):
            seen |= {line.split("│")[1].rstrip() for line in harness.text.splitlines()[4:18]}
            await harness.press("pagedown")
        # What stands there in full may end in an ellipsis of its own.
        own = {action.help for action in ACTIONS if action.help.endswith("…")}
        cut = [line for line in seen if line.endswith("…") and line.split("  ")[-1] not in own]
        assert cut == []
    service.background.close()


async def test_commands_are_found_by_other_words(tmp_path: Path) -> None:
    words = {
        "history": "runs",
        "undo": "fix",
        "region": "urls",
        "cancel": "give up",
        "excel": "open",
        "why failed": "retry cause",
        "shortcuts": "help",
    }
    async with console(tmp_path, text=list_text(make_devices(4)), size=(80, 24)) as harness:
        for typed, found in words.items():
            await harness.press("colon")
            await harness.type(typed)
            assert found in [row[0] for row in harness.rows_of_page], typed
            await harness.press("escape")
