"""Tests of the console are coroutines, each in an event loop of its own."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from tests.tui.screenshots import Screenshots


@pytest.fixture(autouse=True)
def _known_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    # Textual waits until the processor is idle, which on a busy machine may be a second a key.
    # Tests wait for the messages instead (`ConsoleHarness.settle`).
    monkeypatch.setattr("textual.app.wait_for_idle", _at_once)
    monkeypatch.setattr("textual.pilot.wait_for_idle", _at_once)
    # A cursor blinks by the clock: after half a second a picture would be another.
    monkeypatch.setattr("textual.widgets._input.Input._toggle_cursor", lambda _: None)


@pytest.fixture(autouse=True, scope="session")
def _parsed_once() -> None:
    """One reading of each style sheet and of each of siptui's own themes, and one working out of
    its colours, for all consoles of a session; what is read never changes."""
    from textual import design, theme
    from textual.css.model import RuleSet
    from textual.css.stylesheet import Stylesheet

    from siptui.tui import themes

    parse, known = Stylesheet._parse_rules, dict[object, list[RuleSet]]()
    told: dict[object, object] = {}  # one object for equal sets of variables

    def parse_once(sheet: Stylesheet, *args: Any, **options: Any) -> list[RuleSet]:
        if sheet.__dict__.get("_told_of") is not sheet._variables:
            values = tuple(sheet._variables.items())
            sheet.__dict__.update(
                _told_of=sheet._variables, _told=told.setdefault(values, object())
            )
        key = (args, *options.items(), sheet.__dict__["_told"])
        if key not in known:
            known[key] = parse(sheet, *args, **options)
        return known[key]

    Stylesheet._parse_rules = parse_once  # type: ignore[method-assign]

    read, own, files = themes.read_theme, themes.themes_folder(), dict[Path, themes.ThemeFile]()

    def read_once(path: Path) -> themes.ThemeFile:
        if path.parent != own:
            return read(path)
        if path not in files:
            files[path] = read(path)
        return files[path]

    themes.read_theme = read_once

    colors = dict[object, dict[str, str]]()

    class Once(design.ColorSystem):
        def generate(self) -> dict[str, str]:
            key = tuple((name, repr(value)) for name, value in vars(self).items())
            if key not in colors:
                colors[key] = super().generate()
            return dict(colors[key])

    theme.ColorSystem = Once  # type: ignore[misc]


@pytest.fixture(autouse=True, scope="session")
def _counted_once() -> None:
    """One look at the parameters of each function that Textual calls back; it remembers them for
    none that is wrapped by `partial`, as all are that are called later."""
    from textual import _callback

    count, known = _callback._count_parameters, dict[object, int]()

    def count_once(func: Callable[..., Any]) -> int:
        code = getattr(func, "__code__", None)
        if code is None or hasattr(func, "__wrapped__") or hasattr(func, "__signature__"):
            return count(func)
        key = (code, hasattr(func, "__self__"))
        if key not in known:
            known[key] = count(func)
        return known[key]

    _callback._count_parameters = count_once


@pytest.fixture(autouse=True, scope="session")
def _drawn_when_looked_at() -> None:
    """A console of the harness draws no frame that nothing receives: `ConsoleHarness.text` draws
    the whole screen. One with a terminal, or with bytes that are counted, draws each."""
    from textual.screen import Screen

    draw = Screen._compositor_refresh

    def refresh(screen: Screen[object]) -> None:
        app = screen.app
        if not app.is_headless or screen is not app.screen:
            draw(screen)
            return
        screen._dirty_widgets.clear()
        app._update_mouse_over(screen)

    Screen._compositor_refresh = refresh  # type: ignore[method-assign]


async def _at_once(*_: object) -> None:
    await asyncio.sleep(0)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True


@pytest.fixture
def screenshots(snapshot: "SnapshotAssertion", tmp_path: Path) -> "Iterator[Screenshots]":
    """Takes screenshots; at the end each must be as the one in the repository."""
    from tests.tui.screenshots import Screenshots

    screenshots = Screenshots(snapshot, tmp_path)
    yield screenshots
    assert not screenshots.wrong, (
        f"other than kept: {', '.join(screenshots.wrong)}; as they are: {tmp_path}"
    )
