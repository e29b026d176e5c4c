"""`siptui emulator`: the emulated tenant on a loopback port."""

import sys

import click


@click.command("emulator")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9080,
    show_default=True,
    help="Port on 127.0.0.1; 0 picks a free one.",
)
@click.option(
    "--scenario",
    default="mixed",
    show_default=True,
    metavar="NAME|FILE",
    help="A scenario that comes with siptui, or a TOML file.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="X",
    help="Times faster than a real service.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Fixes what chance decides.")
def command(port: int, scenario: str, speed: float, seed: int) -> None:
    """Serve an emulated tenant on 127.0.0.1 until Ctrl-C.

    The first line on standard output is its address, `http://127.0.0.1:PORT`; then it takes
    requests. Any bearer token is accepted, unless the scenario says otherwise. Nothing leaves
    this machine and no phone is touched.
    """
    from siptui.emulator.emulator import Emulator
    from siptui.emulator.server import serve

    emulator = Emulator(scenario, seed=seed, speed=speed)

    def announce(address: str) -> None:
        click.echo(address)
        sys.stdout.flush()
        click.echo(
            f"Emulated tenant {emulator.scenario.tenant.name}, "
            f"scenario {emulator.scenario.name}. Ctrl-C ends it. To use it, in config.toml:\n\n"
            f'  [clouds.emulator]\n  authority = "https://localhost:9443"\n'
            f'  admin_api = "{address}"\n\n'
            f'and SIPTUI_ACCESS_TOKEN=any with a profile that has cloud = "emulator".',
            err=True,
        )

    serve(emulator, port, announce)
