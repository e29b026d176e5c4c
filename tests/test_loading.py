"""What each part may load, seen in a clean interpreter."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from siptui.cli.group import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("httpx", "msal", "polars", "starlette", "textual", "uvicorn")
_LOADED = """
import json, sys
try:
    {code}
except SystemExit as error:
    assert not error.code, error.code
print()
print(json.dumps(sorted(sys.modules)))
"""


def _loaded_by(code: str, *, dotted: bool = False) -> set[str]:
    """Modules in memory after `code` ran in an interpreter of its own; top-level ones alone."""
    done = subprocess.run(
        [sys.executable, "-c", _LOADED.format(code=code)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    names = json.loads(done.stdout.splitlines()[-1])
    return {name for name in names if dotted or "." not in name}


def _called(*args: str) -> str:
    return f"from siptui.cli.group import cli; cli.main({list(args)!r})"


@pytest.mark.parametrize(
    "args",
    [
        ("--help",),
        ("--version",),
        ("urls",),
        ("urls", "--json", "--tenant", "1b2c3d4e-5f60-4718-89ab-cdef01234567"),
    ],
    ids=" ".join,
)
def test_light_commands_load_nothing_heavy(args: tuple[str, ...]) -> None:
    assert not _loaded_by(_called(*args)) & {*HEAVY, "asyncio", "sqlite3"}


def test_help_loads_no_command() -> None:
    assert "siptui.cli.commands.urls" in _loaded_by(_called("urls"), dotted=True)
    loaded = _loaded_by(_called("--help"), dotted=True)
    assert not {f"siptui.cli.commands.{name}" for name in COMMANDS} & loaded


def test_the_first_frame_needs_neither_engine_nor_checks_nor_what_an_action_opens() -> None:
    """They come once it is there; see `SiptuiApp._import_rest`."""
    console = "import siptui.cli.group, siptui.cli.commands.open, siptui.tui.app"
    loaded = _loaded_by(console, dotted=True)
    assert {"siptui.tui.console.screen", "siptui.runs.service"} <= loaded
    assert not loaded & {
        *("siptui.runs.engine.engine", "siptui.preflight.check", "siptui.app.data_removal"),
        *("siptui.cli.console_parts", "siptui.tui.dialogs.submit", "siptui.tui.dialogs.preflight"),
        *("siptui.tui.console.submit_flow", "siptui.tui.console.retry_flow", "polars", "msal"),
    }


@pytest.mark.parametrize(
    ("room", "never"),
    [
        ("siptui.domain", {*HEAVY, "click", "msgspec", "platformdirs", "sqlite3", "asyncio"}),
        ("siptui.provisioning", {*HEAVY, "click"}),
        ("siptui.settings", {*HEAVY, "click"}),
        ("siptui.transport", {"textual", "click", "polars"}),
        ("siptui.gateway", {"textual", "click", "polars"}),
        ("siptui.identity", {"textual", "click", "polars"}),
        ("siptui.devicelist", {"textual", "httpx", "msal"}),
        ("siptui.runs", {"textual", "click", "polars"}),
        ("siptui.preflight", {"textual", "click", "polars"}),
        ("siptui.emulator", {"textual", "polars", "msal"}),
    ],
)
def test_a_room_loads_nothing_from_above(room: str, never: set[str]) -> None:
    every_module = (
        "import importlib, pkgutil\n"
        f"    room = importlib.import_module({room!r})\n"
        "    for found in pkgutil.walk_packages(room.__path__, room.__name__ + '.'):\n"
        "        importlib.import_module(found.name)"
    )
    assert not _loaded_by(every_module) & never


def test_the_http_library_brings_no_command_line_of_its_own() -> None:
    code = (
        "import siptui.transport\n"
        "    siptui.transport.open_client()\n"
        "    import httpx\n"
        "    httpx.AsyncClient(verify=False)"
    )
    loaded = _loaded_by(code)
    assert "httpx" in loaded
    assert not loaded & {"rich", "pygments"}


def test_the_process_that_reads_workbooks_loads_little_of_siptui() -> None:
    loaded = _loaded_by("import siptui.devicelist.workbook_child", dotted=True)
    assert {name for name in loaded if name.startswith("siptui.devicelist")} == {
        "siptui.devicelist",
        "siptui.devicelist.archive",
        "siptui.devicelist.cells",
        "siptui.devicelist.sheet_biff",
        "siptui.devicelist.sheet_binary",
        "siptui.devicelist.sheet_xml",
        "siptui.devicelist.workbook_child",
    }
    assert "fastexcel" not in loaded


def test_a_workbook_is_read_without_a_library_for_data_frames() -> None:
    """They take longer to be loaded than a list to be read, and need a newer processor."""
    path = ROOT / "tests" / "lists" / "field" / "phones.xlsx"
    code = (
        "from pathlib import Path\n"
        "    from siptui.devicelist.workbook_child import _Book\n"
        f"    book = _Book(Path({str(path)!r}).read_bytes())\n"
        "    book.rows(book.heads()['sheets'][0]['name'])"
    )
    loaded = _loaded_by(code)
    assert "fastexcel" in loaded
    assert not loaded & {"polars", "pyarrow", "pandas", "numpy"}


def test_the_http_library_is_known_to_the_transport_alone() -> None:
    """In tests, too: another library takes its place without a search through everything."""
    known = [
        str(path.relative_to(ROOT))
        for folder in ("siptui", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"(?m)^\s*(?:import|from) (?:httpx|httpcore)\b", path.read_text("utf-8"))
        and "transport" not in path.parts
    ]
    assert not known
