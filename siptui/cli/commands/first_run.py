"""What `siptui` does where there is no profile: offers to make one, or the demo."""

from typing import TYPE_CHECKING

from siptui.app.new_profile import cloud_notes, make_profile
from siptui.domain.text import visible
from siptui.settings.load import load

if TYPE_CHECKING:
    from siptui.tui.first_run import First


def first_run(theme: str | None, *, mouse: bool) -> "First | None":
    """Ask on the screen; `profile` when one was made. Raises `UsageError` without a terminal."""
    from siptui.tui.run_console import check_terminal, prepare_environment
    from siptui.tui.themes import DEFAULT, known_theme

    settings = load()
    prepare_environment()
    by = "--theme" if theme else f"theme in {visible(str(settings.folders.config_file))}"
    wanted = known_theme(theme or settings.theme or DEFAULT, settings.folders.themes, said_by=by)
    check_terminal()
    from siptui.tui.first_run import FirstRun

    app = FirstRun(
        cloud_notes(settings),
        settings.folders.config_file,
        make_profile,
        theme=wanted,
        themes_folder=settings.folders.themes,
    )
    answer = app.run_to_end(mouse=mouse and settings.mouse)
    if app.left_by is not None:
        raise SystemExit(128 + app.left_by)
    return answer
