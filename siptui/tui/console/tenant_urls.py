"""The tenant's provisioning URLs, for the page and for the top of the log."""

from collections.abc import Mapping, Sequence

from siptui.domain.provisioning import TenantId, tenant_id
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.provisioning.reading import provisioning_table
from siptui.provisioning.report import usual
from siptui.tui.console.model import Session
from siptui.tui.widgets.text_lines import Line


def known_tenant(session: Session, keys: Mapping[str, str]) -> TenantId:
    """The tenant's id, from the profile or a sign-in, or why it is missing; `keys` by action id."""
    for known in (session.tenant_id, session.run_service.tenant):
        try:
            return TenantId(tenant_id(known))
        except ValueError:
            pass
    why = f"Only {visible(session.run_service.tenant)} is known; the URL takes the id alone."
    if session.options.sign_in is not None:
        why += f" It is known after a sign-in ({keys['sign_in']})."
    return TenantId(why=why)


def regions(session: Session) -> Sequence[Region]:
    """The regions of the list, else the one that rows without a region take."""
    found = tuple(dict.fromkeys(device.region for device in session.devices()))
    if found:
        return found
    return (session.region,) if session.region else ()


def url_lines(session: Session, keys: Mapping[str, str]) -> list[Line]:
    """The URL that most phones of this tenant take, for the log: a line a region."""
    key, tenant = keys["urls"], known_tenant(session, keys)
    if not tenant.guid:
        return [((f"Provisioning URLs: {tenant.why} {key} shows what is known.", "muted"),)]
    found = usual(provisioning_table(), tenant.guid, regions(session))
    lines: list[Line] = []
    for place, (region, url, vendors) in enumerate(found):
        line: Line = ((f"{region:<8}  ", "muted"), (url, "accent"))
        if place == len(found) - 1:
            line = (*line, (f"  ({', '.join(vendors)}; {key} shows all)", "muted"))
        lines.append(line)
    return lines


def opening_lines(session: Session, keys: Mapping[str, str]) -> list[Line]:
    """What stands at the top of the log: URLs, then the greeting."""
    return [*url_lines(session, keys), *([session.welcome] if session.welcome else [])]
