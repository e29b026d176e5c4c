"""What `siptui urls` prints, made without an argument parser: URLs are asked for in a hurry."""

import json
from collections.abc import Iterable, Sequence

from siptui.domain.errors import SiptuiError, UsageError
from siptui.domain.provisioning import kinds_of, provisioning_urls, tenant_id
from siptui.domain.region import Region
from siptui.provisioning.reading import provisioning_table
from siptui.provisioning.report import NO_TENANT, as_object, page
from siptui.settings.folders import CONFIG_FILE, config_folder
from siptui.settings.load import load

#: The options of the command that are understood here; `siptui.cli.commands.urls` has them all.
_WITH_VALUE = ("--region", "--vendor", "--tenant", "--language")


def urls_page(
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


def plain_page(words: Sequence[str]) -> str | None:
    """The page for the arguments of `siptui urls`, if they are plain ones and all is well with
    them; `None` where the command line proper has something to do, or to say."""
    regions: list[Region] = []
    vendors: list[str] = []
    single: dict[str, str] = {}
    as_json = False
    rest = iter(words)
    try:
        for word in rest:
            name, equals, value = word.partition("=")
            if word == "--json":
                as_json = True
                continue
            if name not in _WITH_VALUE:
                return None
            value = value if equals else next(rest)
            if name == "--region":
                regions.append(Region.parse(value))
            elif name == "--vendor":
                vendors.append(value)
            else:
                single[name] = value
        text, hint = urls_page(
            regions=regions,
            vendors=vendors,
            tenant=single.get("--tenant"),
            language=single.get("--language"),
            as_json=as_json,
        )
    except (StopIteration, ValueError, SiptuiError):
        return None
    return None if hint else text


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
