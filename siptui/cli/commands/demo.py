"""`siptui demo`: the console on the built-in emulated tenant; no account, network or config."""

import tempfile
from pathlib import Path

import click

from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.completion import complete_themes
from siptui.emulator.demo import DEMO_FILE, DEMO_SCENARIO, DEMOS, demo_list

_GREETING = (
    "This is the emulated tenant Contoso Ltd: no account, no network, nothing is really reset. "
)
_FOLDER = "Its folder is removed when you leave; what you export stays."


@click.command(cls=Command)
@click.option(
    "--scenario",
    type=click.Choice(tuple(DEMOS)),
    default=DEMO_SCENARIO,
    show_default=True,
    help="State of the tenant. prerequisites: some are missing; unprepared: all are missing.",
)
@click.option(
    "--theme",
    metavar="NAME",
    shell_complete=complete_themes,
    help="Theme of the console (siptui help config).",
)
@click.option(
    "--no-mouse",
    is_flag=True,
    help="Leave the mouse to the terminal, so that text can be selected.",
)
@options.log_level
def command(scenario: str, theme: str | None, no_mouse: bool, log_level: str | None) -> int:
    """Open the console on a built-in emulated tenant with a sample device list.

    Needs no account, no network and no configuration, and leaves nothing behind.
    """
    return run_demo(theme, scenario, mouse=not no_mouse)


def run_demo(theme: str | None, scenario: str = DEMO_SCENARIO, *, mouse: bool) -> int:
    """Open the console on the emulated tenant and stay until it is left; the exit code."""
    from siptui.tui.options import ConsoleOptions
    from siptui.tui.run_console import (
        check_terminal,
        prepare_environment,
        run_console,
    )
    from siptui.tui.themes import DEFAULT, known_theme

    theme = known_theme(theme or DEFAULT)
    check_terminal()
    prepare_environment()
    from siptui.app.demo_tenant import demo_tenant

    with tempfile.TemporaryDirectory(prefix="siptui-demo-") as name:
        folder = Path(name)
        file = folder / DEMO_FILE
        file.write_bytes(demo_list(scenario))
        demo = demo_tenant(folder, scenario)
        try:
            code = run_console(
                demo.run_service,
                ConsoleOptions(
                    file=file,
                    theme=theme,
                    mouse=mouse,
                    save_folder=folder,
                    export_folder=Path.cwd(),
                    greeting=f"{_GREETING}{DEMOS[scenario]}. {_FOLDER}",
                    run_ends_with_us=True,
                    passing_folder=folder,
                    tenant_id=demo.tenant_id,
                    tenant_batches=demo.tenant_batches,
                    checks=demo.checks,
                    status=demo.status,
                    looks_for_personal=scenario != DEMO_SCENARIO,
                ),
            )
            return code if isinstance(code, int) else 0  # it has no other profile to go to
        finally:
            demo.run_service.close()
