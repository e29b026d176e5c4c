"""`siptui urls`: the provisioning URLs, by region, vendor, tenant id and language."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from siptui.cli import options
from siptui.cli.command import Command
from siptui.domain.errors import UsageError
from siptui.domain.provisioning import kinds_of, provisioning_urls, tenant_id
from siptui.domain.region import Region
from siptui.provisioning.reading import provisioning_table
from siptui.provisioning.report import NO_TENANT, as_object, page
from siptui.settings.folders import CONFIG_FILE, config_folder
from siptui.settings.load import load


def _vendors(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    start = incomplete.casefold()
    return [v for v in provisioning_table().vendors if v.casefold().startswith(start)]


@click.command(cls=Command)
@click.option(
    "--region",
    "regions",
    type=options.REGION,
    multiple=True,
    help="Only this region. Can be repeated.",
)
@click.option(
    "--vendor",
    "vendors",
    metavar="NAME",
    multiple=True,
    shell_complete=_vendors,
    help="Only this vendor. Can be repeated.",
)
@click.option(
    "--tenant", metavar="GUID", help="Tenant id in the URLs. Default: that of the profile."
)
@click.option(
    "--language",
    metavar="CODE",
    help="Language of the phone's screen: en, es, ja, de, fr, pt. Default: the phone's own. "
    "Not together with a tenant id.",
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

    With a tenant id, the URLs for bulk sign-in; without one, those for sign-in at the phone. Each
    has its DHCP option, its source, and how well it is documented. Uses no network.
    """
    text, hint = _page(
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


def _page(
    *,
    regions: Iterable[Region] = (),
    vendors: Sequence[str] = (),
    tenant: str | None = None,
    language: str | None = None,
    profile: str | None = None,
    as_json: bool = False,
) -> tuple[str, str]:
    """The provisioning URLs asked for, as page or JSON, and a hint for standard error or "".

    Without tenant id and language the tenant id of the profile is put in, if it has one. Raises
    `UsageError`, also for a mistake in the configuration.
    """
    table = provisioning_table()
    hint = ""
    if tenant is None and language is None:
        tenant, hint = _of_profile(profile)
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
        found = {"tenant": tenant, "urls": [as_object(url) for url in urls]}
        return json.dumps(found, indent=2), hint
    lines = page(urls, kinds, tenant=tenant, language=code)
    if tenant is None:
        lines += ["", f"{NO_TENANT}: name it with --tenant GUID."]
    return "\n".join(lines), hint


def _configured() -> bool:
    try:
        return (config_folder() / CONFIG_FILE).exists()
    except UsageError:  # a system without a home folder has no configuration either
        return False


def _of_profile(name: str | None) -> tuple[str | None, str]:
    """The tenant id of the profile in use, if there is one and it has an id; else a hint."""
    if name is None and not _configured():
        return None, ""  # URLs can be printed before anything is set up

    settings = load()
    if name is None and not settings.profiles:
        return None, ""
    try:
        found = settings.profile(name)
    except UsageError:
        if name is not None:
            raise
        return None, ""  # several profiles and none chosen
    try:
        return tenant_id(found.tenant), ""
    except ValueError:
        return None, (
            f"The profile {found.name} names its tenant by domain ({found.tenant}); a URL takes "
            "its id alone. Name that with --tenant GUID."
        )


def _write(path: Path, text: str, *, force: bool) -> None:
    from siptui.devicelist.writing import WriteError, write_new

    try:
        write_new(path, text.encode(), force=force)
    except WriteError as error:
        if error.code == "exists":
            raise UsageError(error.message, remedy=error.remedy) from None
        raise
