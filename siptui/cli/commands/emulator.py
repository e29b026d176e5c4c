"""`siptui emulator`: the emulated tenant, or a recorded one, on a loopback port."""

import contextlib
import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from siptui.cli.command import Command
from siptui.devicelist.cells import guard
from siptui.devicelist.writing import LIST, write_new
from siptui.domain.errors import UsageError
from siptui.domain.text import visible
from siptui.emulator.demo import DEMOS, demo_list
from siptui.emulator.scenario import Scenario
from siptui.host.files import read_plain

if TYPE_CHECKING:
    from siptui.emulator.emulator import Emulator
    from siptui.emulator.entra.beside import Beside
    from siptui.emulator.recording import Recording

#: The first line of a configuration of ours; only such a file is replaced.
_OURS = "# Written by siptui emulator: replaced when it starts again."
_NEW_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("emulator", cls=Command)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9080,
    show_default=True,
    help="Port on 127.0.0.1; 0: any free port.",
)
@click.option(
    "--scenario",
    default="mixed",
    show_default=True,
    metavar="NAME|FILE",
    help="A scenario that comes with siptui, or a TOML file with one.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="X",
    help="How many times faster than the real service time passes.",
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="Seed of the random numbers: the same seed gives the same results.",
)
@click.option(
    "--replay",
    type=_NEW_FILE,
    metavar="FILE",
    help="Answer from a file that --record wrote, instead of emulating.",
)
@click.option(
    "--list",
    "device_list",
    type=_NEW_FILE,
    metavar="FILE",
    help="Write the phones of the scenario, or of the recording, to FILE, a device list.",
)
@click.option(
    "--authority",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Also serve a sign-in authority, over TLS on localhost; 0: any free port.",
)
@click.option(
    "--approve",
    is_flag=True,
    help="With --authority: approve each device code at once, without a browser.",
)
@click.option(
    "--config",
    type=_NEW_FILE,
    metavar="FILE",
    help="Write a config.toml with a profile for it to FILE.",
)
@click.pass_context
def command(
    context: click.Context,
    port: int,
    scenario: str,
    speed: float,
    seed: int,
    replay: Path | None,
    device_list: Path | None,
    authority: int | None,
    approve: bool,
    config: Path | None,
) -> None:
    """Serve an emulated tenant on 127.0.0.1 until Ctrl-C.

    The first line on standard output is its address, `http://127.0.0.1:PORT`; then it takes
    requests. With --authority the second line is the address of the authority and the third the
    file that SSL_CERT_FILE must name. Any bearer token is accepted, unless the scenario says
    otherwise. Nothing leaves this machine and no phone is touched.

    With --replay it answers from a recording, in which pseudonyms stand for all names.
    The same run on the same devices ends as it did: those of --list, or the run's own list.
    """
    _fit(context, replay=replay, authority=authority, approve=approve)
    from siptui.emulator.emulator import Emulator
    from siptui.emulator.server import serve

    what = ""
    if replay is None:
        emulator = Emulator(scenario, seed=seed, speed=speed)
        tenant = emulator.scenario.tenant.name
        what = f"Emulated tenant {tenant}, scenario {emulator.scenario.name}."
        if device_list is not None:
            _write_phones(device_list, emulator.scenario)
            what += f" Its phones are in {visible(str(device_list))}."
    else:
        from siptui.emulator.recording import load_recording
        from siptui.emulator.replay import replaying

        recording = load_recording(replay)
        emulator = replaying(recording, Emulator("healthy"), on_port=True)
        what = f"Recording of {len(recording.exchanges)} exchanges."
        if device_list is not None:
            _write_list(device_list, recording)
            size = recording.batch_size()
            where = visible(str(device_list))
            what += f" Its devices are in {where}; batches had up to {size} devices."
    with _authority(emulator, authority, approve) as beside:

        def announce(address: str) -> None:
            if beside is not None:
                beside.state.resources.add(address)  # Graph goes by it here
            text = _configuration(emulator, address, beside)
            if config is not None:
                _write_config(config, text)
            for line in (address, *((beside.address, beside.authority) if beside else ())):
                click.echo(line)
            sys.stdout.flush()
            click.echo(_told(what, text, config, beside), err=True)

        serve(emulator, port, announce)


def _fit(
    context: click.Context,
    *,
    replay: Path | None,
    authority: int | None,
    approve: bool,
) -> None:
    """Raise `UsageError` for options that mean nothing together."""
    told = [
        f"--{name}"
        for name in ("scenario", "speed", "seed")
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    wrong = ""
    if replay is not None and told:
        wrong = f"{told[0]} says how to emulate; a recording answers as it was"
    elif approve and authority is None:
        wrong = "--approve goes with --authority"
    if wrong:
        raise UsageError(f"{wrong}.", title="Wrong usage", remedy="See siptui emulator --help.")


@contextlib.contextmanager
def _authority(emulator: "Emulator", port: int | None, approve: bool) -> Iterator["Beside | None"]:
    """The authority beside `emulator`, with certificates that go when it ends."""
    if port is None:
        yield None
        return

    from siptui.emulator.entra.beside import authority_beside

    with (
        TemporaryDirectory(prefix="siptui-emulator-") as folder,
        authority_beside(emulator, Path(folder), port) as beside,
    ):
        if approve:
            beside.state.approve_after, beside.state.interval = 0, 1
        yield beside


def _configuration(emulator: "Emulator", address: str, beside: "Beside | None") -> str:
    """A whole config.toml. Without an authority there is an address where none answers.

    Admin API, Graph and device inventory are at one address: their paths do not meet.
    """
    authority = beside.address if beside else "https://localhost:9443"
    return (
        f'default_profile = "emulator"\n\n[profiles.emulator]\n'
        f'tenant = "{emulator.scenario.tenant.id}"\ncloud = "emulator"\n\n'
        f'[clouds.emulator]\nauthority = "{authority}"\nadmin_api = "{address}"\n'
        f'graph = "{address}"\ndevices = "{address}"\n'
    )


def _write_config(path: Path, text: str) -> None:
    """Write our configuration; a file that is not ours stays as it is (`WriteError`)."""
    try:
        first, _, _ = read_plain(path, 1_000).partition(b"\n")
        ours = first.rstrip(b"\r") == _OURS.encode()
    except OSError:
        ours = False
    write_new(path, f"{_OURS}\n{text}".encode(), force=ours)


def _write_phones(path: Path, scenario: Scenario) -> None:
    """Write the device list that comes with a scenario."""
    if not (content := demo_list(scenario)):
        raise UsageError(
            f"The scenario {scenario.name} has no phones of its own: any device list will do.",
            title="Wrong usage",
            remedy=f"Those that have: {', '.join(DEMOS)}.",
        )
    with contextlib.suppress(OSError):
        if read_plain(path, len(content) + 1) == content:
            return  # of an emulator that was started before
    write_new(path, content)


def _write_list(path: Path, recording: "Recording") -> None:
    """Write the devices of a recording as a list that every command reads."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(LIST)
    writer.writerows([guard(value) for value in device] for device in recording.devices())
    write_new(path, out.getvalue().encode())


def _told(what: str, text: str, config: Path | None, beside: "Beside | None") -> str:
    """For people: how to use it."""
    shown = "".join(f"  {line}\n" if line else "\n" for line in text.splitlines())
    where = (
        f"Its profile is in {visible(str(config))}."
        if config
        else f"To use it, in config.toml:\n\n{shown}"
    )
    lines = [f"{what} Ctrl-C ends it. {where}"]
    if beside:
        lines.append(f"Sign in: SSL_CERT_FILE={beside.authority} siptui auth login")
        user = beside.state.user().upn
        if beside.state.approve_after is None:
            lines.append(f"The code is typed on the page it names, as {user}.")
        else:
            lines.append(f"Each code is approved at once, as {user}.")
    else:
        lines.append("A token: SIPTUI_ACCESS_TOKEN=any")
        lines.append("For a preflight also SIPTUI_GRAPH_TOKEN=any and SIPTUI_DEVICES_TOKEN=any")
    return "\n".join(lines)
