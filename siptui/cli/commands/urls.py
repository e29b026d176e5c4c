"""`siptui urls`: the provisioning URLs, by region, vendor, tenant id and language."""

from pathlib import Path

import click

from siptui.cli import options
from siptui.cli.urls_page import urls_page
from siptui.domain.errors import SiptuiError, UsageError
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.host.signals import write_private
from siptui.provisioning.reading import provisioning_table


def _vendors(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    start = incomplete.casefold()
    return [v for v in provisioning_table().vendors if v.casefold().startswith(start)]


@click.command()
@click.option(
    "--region", "regions", type=options.REGION, multiple=True, help="This region; repeatable."
)
@click.option(
    "--vendor",
    "vendors",
    metavar="NAME",
    multiple=True,
    shell_complete=_vendors,
    help="This vendor; repeatable.",
)
@click.option("--tenant", metavar="GUID", help="Tenant id to put in (else the profile's).")
@click.option(
    "--language",
    metavar="CODE",
    help="Language of the phone's screen: en, es, ja, de, fr, pt. Not together with a tenant id.",
)
@options.output
@options.force
@options.profile
@options.as_json
def command(
    regions: tuple[Region, ...],
    vendors: tuple[str, ...],
    tenant: str | None,
    language: str | None,
    output: Path | None,
    force: bool,
    profile: str | None,
    as_json: bool,
) -> None:
    """Print the provisioning URLs.

    With a tenant id the URLs for bulk sign-in, without one the plain ones; each with its DHCP
    option, where it is documented and how sure it is. Nothing is asked of the network.
    """
    text, hint = urls_page(
        regions=regions,
        vendors=vendors,
        tenant=tenant,
        language=language,
        profile=profile,
        as_json=as_json,
    )
    if hint:
        click.echo(hint, err=True)
    if output is None or str(output) == "-":
        click.echo(text)
    else:
        _write(output, text + "\n", force=force)


def _write(path: Path, text: str, *, force: bool) -> None:

    try:
        if force:
            write_private(path, text.encode())
            return
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(
            f"{visible(str(path))} is there already.",
            remedy="Name another file, or replace it with --force.",
        ) from None
    except OSError as error:
        raise SiptuiError(
            f"{visible(str(path))}: {error.strerror or error}.",
            title="Cannot write the file",
            code="not_written",
            remedy="Name a file in a folder that you may write to.",
        ) from error
