"""`siptui urls`: the provisioning URLs, by region, vendor, tenant id and language."""

import json
from pathlib import Path

import click

from siptui.commands import options
from siptui.domain.errors import SiptuiError, UsageError
from siptui.domain.provisioning import kinds_of, provisioning_urls, tenant_id
from siptui.domain.region import Region
from siptui.provisioning.reading import provisioning_table
from siptui.provisioning.report import NO_TENANT, as_object, page


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
    table = provisioning_table()
    if tenant is None and language is None:
        tenant = _of_profile(profile)
    code = language.strip().lower() if language is not None else None
    try:
        tenant = tenant_id(tenant) if tenant is not None else None
        kinds = kinds_of(table, vendors)
        urls = provisioning_urls(
            table, regions=regions, vendors=vendors, tenant=tenant, language=code
        )
    except ValueError as error:
        raise UsageError(f"{error}.", remedy="“siptui urls --help” tells what it takes.") from None
    if as_json:
        text = json.dumps({"tenant": tenant, "urls": [as_object(url) for url in urls]}, indent=2)
    else:
        lines = page(urls, kinds, tenant=tenant, language=code)
        if tenant is None:
            lines += ["", f"{NO_TENANT}: name it with --tenant GUID."]
        text = "\n".join(lines)
    if output is None or str(output) == "-":
        click.echo(text)
    else:
        _write(output, text + "\n", force=force)


def _of_profile(name: str | None) -> str | None:
    """The tenant id of the profile in use, if there is one and it has an id."""
    from siptui.settings.load import load

    settings = load()
    if name is None and not settings.profiles:
        return None  # URLs can be printed before anything is set up
    try:
        found = settings.profile(name)
    except UsageError:
        if name is not None:
            raise
        return None  # several profiles and none chosen
    try:
        return tenant_id(found.tenant)
    except ValueError:
        click.echo(
            f"The profile {found.name} names its tenant by domain ({found.tenant}); a URL takes "
            "its id alone. Name that with --tenant GUID.",
            err=True,
        )
        return None


def _write(path: Path, text: str, *, force: bool) -> None:
    from siptui.posix import write_private

    try:
        if force:
            write_private(path, text.encode())
            return
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(
            f"{path} is there already.", remedy="Name another file, or replace it with --force."
        ) from None
    except OSError as error:
        raise SiptuiError(
            f"{path}: {error.strerror or error}.",
            title="Cannot write the file",
            code="not_written",
            remedy="Name a file in a folder that you may write to.",
        ) from error
