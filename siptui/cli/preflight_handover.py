"""Hand-over lists of what a preflight keeps from being submitted, a list for each addressee."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from siptui.cli.handover_lines import written
from siptui.domain.device import Device
from siptui.preflight.finding import AccountFindings, Check, Finding
from siptui.runs.output.handover import Case, handover_lists, write_handover

#: Who can do something about what fails of a row. What is not here is for the operator.
_ADDRESSEES: Mapping[Check, str] = {
    Check.EXISTS: "identity",
    Check.ENABLED: "identity",
    Check.MFA: "identity",
    Check.AD_SYNCED: "identity",
    Check.ADMINISTRATOR: "identity",
    Check.CONDITIONAL_ACCESS: "identity",
    Check.LICENCE: "licences",
    Check.PHONE_NUMBER: "licences",
    Check.CALLING_POLICY: "policies",
    Check.IP_PHONE_POLICY: "policies",
    Check.TRUSTED_IP: "network",
    Check.DEVICE: "technicians",
}
_REST = "rollout"


def cases_of(
    left_out: Iterable[Device], rows: Mapping[tuple[str, str], AccountFindings]
) -> Iterator[Case]:
    """What keeps each of these devices out: a case for each finding, at least one."""
    for device in left_out:
        found = rows[device.key]
        for finding in found.failures:
            yield _case(device, finding, bool(found.personal))
        if not found.failures:
            yield Case(
                device,
                (_REST,),
                "may be personal",
                "Nothing shows that the account is a shared one; its password would be reset.",
                "Name it with --include-personal if it is shared, else take it off the list.",
            )


def _case(device: Device, finding: Finding, personal: bool) -> Case:
    who = _ADDRESSEES.get(finding.check, _REST)
    if personal and finding.check is Check.IP_PHONE_POLICY:
        who = _REST  # whether it is a person's is for who made the list
    cause = str(finding.check).replace("_", " ")
    return Case(device, (who,), cause, finding.detail, finding.remedy, finding.powershell)


def hand_over(
    folder: Path | None,
    left_out: Iterable[Device],
    rows: Mapping[tuple[str, str], AccountFindings],
    *,
    force: bool = False,
) -> list[str]:
    """Write the lists into `folder`, or one named by the time in the current folder; a line for
    each file. Raises `WriteError`."""
    place = folder or Path(f"handover-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    lists = handover_lists(cases_of(left_out, rows))
    return list(written(write_handover(place, lists, force=force), lists))
