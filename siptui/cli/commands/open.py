"""`siptui [FILE]`: the console, on a device list if one is named."""

import dataclasses
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from siptui.app.console_sign_in import ConsoleSignIn
from siptui.app.invocation import Invocation
from siptui.app.keep_days import forget_old_runs
from siptui.app.session import Selected, Session, open_session, select_for, start_log, token_source
from siptui.app.sign_in_handoff import waiting_runs
from siptui.app.token_files import open_token_files
from siptui.app.worker_start import given_by, known_account, worker_run_service
from siptui.background_loop import BackgroundLoop
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.later import Later
from siptui.cli.open_options import open_options
from siptui.devicelist.file import load
from siptui.domain.errors import SignInNeededError, SiptuiError, UsageError
from siptui.domain.list_options import DEFAULT_OPTIONS, ListOptions
from siptui.domain.provisioning import tenant_id
from siptui.domain.public_address import parse_public, shown
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.identity.store import existing_store, no_sign_in
from siptui.runs.events import Options

if TYPE_CHECKING:
    from siptui.tui.options import ConsoleOptions, Destination

#: Seconds that the console waits for another process that is about to submit.
_SCREEN_WAITS = 10.0


@click.command("open", cls=Command)
@click.argument("file", type=options.FILE, required=False)
@open_options
def command(
    file: Path | None,
    region: Region | None,
    list_options: ListOptions,
    batch_size: int,
    slots: int,
    public_ip: tuple[str, ...],
    flags: options.ConsoleFlags,
    call: Invocation,
) -> int:
    """Open the console, on the device list FILE if one is named.

    “siptui FILE” is the same. The console checks the list, shows what it would do, submits it when
    you say so, and follows the run; “?” in it shows the keys. Leaving it does not stop a run.
    """
    if file is not None:
        _refuse_what_is_no_list(file)
    made = False
    try:
        selected = select_for(call)
    except SignInNeededError:
        if call.no_input or not sys.stdin.isatty():
            raise
        from siptui.cli.commands.first_run import first_run  # once in the life of a host

        answer = first_run(flags.theme, mouse=not flags.no_mouse)
        if answer is None:
            raise  # it says how a profile is written by hand
        if answer == "demo":
            from siptui.cli.commands.demo import run_demo
            from siptui.tui.themes import theme_names

            shipped = flags.theme if flags.theme in theme_names() else None  # no folder of yours
            return run_demo(shipped, mouse=not flags.no_mouse)
        selected, made = select_for(call), True
    console = console_options(
        selected,
        flags,
        file=file,
        region=region,
        list_options=list_options,
        batch_size=batch_size,
        slots=slots,
        public_ip=public_ip,
    )
    return open_console(selected, replace(console, made=made), flags)


def _refuse_what_is_no_list(file: Path) -> None:
    """Raise `ListError` or `UsageError` for a list that cannot be read, before a screen opens."""
    if str(file) == "-":
        raise UsageError(
            "the console reads keys from standard input, not a list",
            remedy="Name a file, or use `siptui run - --region R`.",
        )
    if file.is_file() and os.access(file, os.R_OK):
        return

    load(file, 1)


def console_options(
    selected: Selected,
    flags: options.ConsoleFlags = options.NO_FLAGS,
    *,
    file: Path | None = None,
    region: Region | None = None,
    list_options: ListOptions = DEFAULT_OPTIONS,
    run: str | None = None,
    batch_size: int | None = None,
    slots: int | None = None,
    public_ip: tuple[str, ...] = (),
) -> "ConsoleOptions":
    """The options of the console: the flags, and the configuration where they are not given."""
    from siptui.tui.actions import resolve_keys
    from siptui.tui.options import ConsoleOptions
    from siptui.tui.preferences import read_kept
    from siptui.tui.run_console import prepare_environment
    from siptui.tui.themes import DEFAULT, known_theme

    settings, profile = selected.settings, selected.profile
    themes = settings.folders.themes
    keys = {name: ",".join(keys) for name, keys in settings.keys.items()}
    resolve_keys(keys)
    prepare_environment()
    configured = profile.theme or settings.theme
    by = "--theme" if flags.theme else f"theme in {visible(str(settings.folders.config_file))}"
    chosen = "" if flags.theme else _chosen(read_kept(selected.journal.parent).theme, themes)
    wanted = chosen or known_theme(flags.theme or configured or DEFAULT, themes, said_by=by)
    return ConsoleOptions(
        file=file,
        region=region or profile.region,
        run=run,
        profile=profile.name,
        accent=profile.accent,
        run_options=Options(
            batch_size=min(batch_size or profile.batch_size, profile.batch_size),
            slots=min(slots or profile.slots, profile.slots),
        ),
        theme=wanted,
        themes_folder=themes,
        keys=keys,
        read_only=flags.read_only
        or settings.read_only
        or profile.read_only
        or profile.require_plan,
        mouse=settings.mouse and not flags.no_mouse,
        notify_terminal=settings.notify_terminal,
        save_folder=selected.journal.parent,
        run_ends_with_us=False,
        tenant_id=_tenant_id(selected),
        public_ips=_public_ips(public_ip) or profile.public_ips,
        number_type=profile.number_type,
        list_options=dataclasses.replace(
            list_options, columns=list_options.columns.over(profile.columns)
        ),
    )


def _chosen(name: str, themes: Path) -> str:
    """The theme that was chosen in the console, or nothing where it is gone or broken since."""
    from siptui.tui.themes import known_theme

    try:
        return known_theme(name, themes)
    except UsageError:
        return ""


def _public_ips(given: tuple[str, ...]) -> tuple[str, ...]:
    """What `--public-ip` says; `UsageError` where it is no address."""
    if not given:
        return ()

    return tuple(shown(parse_public(text)) for text in given)


def _tenant_id(selected: Selected) -> str:
    """The tenant's GUID: the profile's, else what the present sign-in says; nothing is sent."""
    try:
        return tenant_id(selected.profile.tenant)
    except ValueError:
        pass  # a domain
    try:
        tokens, _ = token_source(selected)
        account = getattr(tokens, "account", lambda: None)()
    except SiptuiError:
        return ""
    return getattr(account, "tenant", "") if account else ""


def _warnings(selected: Selected) -> Iterator[str]:
    """What was said before the console, whose screen hides that, or said nowhere else."""
    yield from open_token_files(selected.environ)
    if existing_store(selected.store_folder) is None:
        yield no_sign_in(selected.store_folder).strip()


def open_console(selected: Selected, console: "ConsoleOptions", flags: options.ConsoleFlags) -> int:
    """Open the console on the profile's run service, and on that of each profile that is gone to
    from there, until it is left; the exit code."""
    from siptui.tui.options import Destination

    left = _open_on(selected, console)
    while isinstance(left, Destination):
        call = replace(selected.call, profile=left.profile)
        selected = select_for(call)
        console = console_options(selected, flags, run=left.run or None)
        console = replace(console, made=left.made)
        left = _open_on(selected, console)
    return left


def _open_on(selected: Selected, console: "ConsoleOptions") -> "int | Destination":
    from siptui.tui.run_console import check_terminal, prepare_environment, run_console

    check_terminal()
    prepare_environment()
    environ = dict(selected.environ)
    selected = dataclasses.replace(selected, environ=environ)
    if (record := selected.call.record) is not None:
        record.begin()  # a file that cannot be used is known before anything is on the screen
    start_log(selected.settings, selected.call.log_level)
    forgotten = forget_old_runs(selected)
    ways = ConsoleSignIn(selected, environ, record=record)
    run_service = worker_run_service(
        selected,
        account=known_account(selected),
        handoff=ways.handoff,
    )
    run_service.host = replace(run_service.host, patience=_SCREEN_WAITS)
    ways.tell = run_service.known_as
    greeting = " ".join([console.greeting, forgotten, *_warnings(selected)]).strip()
    console = replace(console, sign_in=ways, greeting=greeting)
    if given_by(selected) and not console.read_only:
        for run in waiting_runs(run_service, selected.journal):
            run_service.signed_in(run)
    background = BackgroundLoop("service")

    @asynccontextmanager
    async def session() -> AsyncIterator[Session]:
        with console.waits.heard() as on_wait:
            async with open_session(
                selected, on_wait=on_wait, tokens_by=lambda _: ways.tokens()
            ) as opened:
                yield opened

    later = Later("siptui.cli.console_parts", "parts", selected, run_service, session, background)
    console = replace(
        console,
        tenant_batches=later.part("tenant_batches"),
        checks=later.part("checks"),
        status=later.part("status"),
        role_end=lambda: later.made.role_end(),
        profiles=later.part("profiles"),
        after_first_frame=lambda: later.made,
    )
    try:
        return run_console(run_service, console)
    finally:
        background.close()
        run_service.close()
