"""A whole preflight: read, judge, report. Changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from siptui.domain.device import Device
from siptui.domain.public_address import Network
from siptui.domain.times import minute, zone
from siptui.gateway.tenant_model import NumberType
from siptui.preflight import access_checks, remedies
from siptui.preflight.account_checks import Tables, account_findings
from siptui.preflight.device_checks import device_findings, unlisted_note
from siptui.preflight.facts import Facts, Missing
from siptui.preflight.finding import AccountFindings, Check, Finding, Report, Result
from siptui.preflight.listed_addresses import addresses_of, sites_note
from siptui.preflight.numbers import wanted_number
from siptui.preflight.read import OnProgress, Sources, gather, look_up
from siptui.preflight.remedies import LEAD_HOURS
from siptui.preflight.tenant_checks import tenant_findings

#: When something that takes long to work was changed from here: check and target (the account's
#: name without case, or nothing for the tenant) → when.
Changes = Mapping[tuple[Check, str], datetime]
_NONE: Changes = {}
#: Where it is documented that a change may take so long; of the others a preflight sees soon
#: enough whether they work.
_SLOW = frozenset({Check.TRUSTED_IP, Check.CALLING_POLICY})


class Preflight(Struct, frozen=True):
    """What was read, and what it comes to."""

    facts: Facts
    report: Report


async def check(
    devices: Sequence[Device],
    sources: Sources,
    *,
    public_ips: Sequence[Network] = (),
    number_type: NumberType = NumberType.DIRECT_ROUTING,
    changes: Changes = _NONE,
    on_progress: OnProgress | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Preflight:
    """Read everything about `devices` and judge it. Errors as `gather`.

    `public_ips` are the phones' own public addresses, where they are known; `number_type` is
    where numbers of the list come from; `changes` what was changed lately, so that a finding can
    say since when it takes its time.
    """
    facts = await gather(devices, sources, on_progress=on_progress)
    return Preflight(facts, evaluate(devices, facts, now(), public_ips, changes, number_type))


async def look(
    devices: Sequence[Device], sources: Sources, *, on_progress: OnProgress | None = None
) -> Report:
    """Tell shared accounts from personal ones and nothing else; a call per 50. Errors as `gather`.

    Of the report only `personal` and `maybe_personal` say something.
    """
    names = [device.user_name for device in devices]
    facts = await look_up(names, sources, on_progress=on_progress)
    return evaluate(devices, facts, datetime.now(UTC))


def evaluate(
    devices: Sequence[Device],
    facts: Facts,
    made: datetime,
    public_ips: Sequence[Network] = (),
    changes: Changes = _NONE,
    number_type: NumberType = NumberType.DIRECT_ROUTING,
) -> Report:
    """What `facts` come to for `devices`. Pure."""
    keys = list(dict.fromkeys(device.user_name.key for device in devices))
    tables = Tables.of(facts)
    people = {
        device.user_name.key: account_findings(device.user_name, facts, tables)
        for device in reversed(devices)
    }
    listed = any(addresses_of(device) for device in devices)
    tenant = [
        *tenant_findings(facts.tenant, public_ips, listed=listed),
        access_checks.tenant_finding(facts, keys),
    ]
    accounts = []
    for device in devices:
        findings, personal = people[device.user_name.key]
        timed = [_since(f, device.user_name.key, changes, made) for f in findings]
        timed = [_with_number(f, device, number_type) for f in timed]
        accounts.append(
            AccountFindings(
                device.line,
                str(device.user_name),
                str(device.hardware_id),
                (*timed, *device_findings(device, facts)),
                personal,
            )
        )
    report = Report(
        tuple(_since(finding, "", changes, made) for finding in tenant),
        tuple(accounts),
        made,
        facts.calls,
        not_now=_not_now(facts, list(people)),
    )
    said = (sites_note(devices, facts), unlisted_note(devices, facts))
    notes = [*_notes(report), *filter(None, said)]
    return replace(report, notes=tuple(notes))


def _not_now(facts: Facts, keys: Sequence[str]) -> str:
    """Why it was not told of some of the accounts whether they are personal, if that passes."""
    read = [facts.tenant.ip_phone_policies, *map(facts.teams_user, keys)]
    found = (one.reason for one in read if isinstance(one, Missing) and one.passing)
    return next(found, "")


def _since(finding: Finding, target: str, changes: Changes, now: datetime) -> Finding:
    """The finding, with when it was changed if that is so short ago that it may not work yet."""
    when = changes.get((finding.check, target))
    if when is None or finding.result is Result.UNKNOWN or finding.check not in _SLOW:
        return finding
    if now - when >= timedelta(hours=LEAD_HOURS):
        return finding
    changed = f"Changed {minute(when)} {zone(when)}"
    detail = f"{finding.detail} {changed}; takes up to {LEAD_HOURS} hours."
    return replace(finding, detail=detail, since=when, lead_time_hours=LEAD_HOURS, warning=True)


def _with_number(finding: Finding, device: Device, kind: NumberType) -> Finding:
    """The finding that an account has no number, with the one that the row has for it."""
    if finding.check is not Check.PHONE_NUMBER or finding.result is not Result.FAIL:
        return finding
    wanted = wanted_number(device, kind)
    if isinstance(wanted, str):
        return finding
    line = remedies.assign_number(str(device.user_name), wanted.number, wanted.kind)
    return replace(finding, powershell=line)


_SEVERAL = ("accounts", "their", "Their passwords")


def _notes(report: Report) -> list[str]:
    notes = []
    if personal := {one.user_name.casefold() for one in report.personal}:
        said = ("account", "its", "Its password") if len(personal) == 1 else _SEVERAL
        notes.append(
            f"{len(personal):,} {said[0]} may be personal: no common area phone policy of "
            f"{said[1]} own. {said[2]} must not be reset unless you know better."
        )
    return [*notes, *unclear_note(report)]


def unclear_note(report: Report) -> list[str]:
    """How many rows may be of personal accounts for all that could be read; nothing if none."""
    unclear = report.maybe_personal
    if not unclear:
        return []
    rows = "1 row is of a" if len(unclear) == 1 else f"{len(unclear):,} rows are of"
    return [f"Could not check whether {rows} personal account{'s' * (len(unclear) > 1)}."]
