"""Looking for personal accounts before anything is done: what `--dry-run` adds about accounts."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, field

from siptui.app.session import Selected, token_source
from siptui.cli.passing_rows import may_be_personal
from siptui.cli.preflight_gate import attended, preflighted, read_accounts
from siptui.cli.submit_options import SubmitOptions
from siptui.domain.device import Device
from siptui.domain.errors import SignInNeededError, SiptuiError
from siptui.domain.text import plural

_NOT_LOOKED = "Not looked for accounts that may be personal"


class Foreseen(Struct, frozen=True):
    """What a run would come to by the accounts of its devices: those that would go out, notes for
    people, and `held` for scripts, the devices that would not go out."""

    kept: Sequence[Device]
    notes: list[str] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)


def foresee_accounts(
    selected: Selected,
    devices: Sequence[Device],
    submit: SubmitOptions,
    *,
    named: Iterable[str] = (),
    waiting: bool = False,
) -> Foreseen:
    """Look for personal accounts as a submit does, and say what it would ask or refuse.

    Nothing is asked here. That no service can be asked, or that one did not answer, is a note.
    With `waiting` what is left out waits in its run.
    """
    if not devices:
        return Foreseen(devices)
    if submit.no_account_check:
        return Foreseen(devices, [f"{_NOT_LOOKED} (--no-account-check)."])
    asks = attended(selected.call, submit.yes)
    try:
        token_source(selected)
        report = read_accounts(selected, devices, patient=False)
    except SignInNeededError:
        return Foreseen(devices, [f"{_NOT_LOOKED}: no service was asked."])
    except (SiptuiError, TimeoutError) as error:
        why = getattr(error, "message", "the service took too long to answer.")
        return Foreseen(devices, [f"Could not check whether accounts are personal: {why}"])
    if report.not_now:
        return Foreseen(
            devices, [f"Could not check whether accounts are personal: {report.not_now}"]
        )
    taken = {name.casefold() for name in (*submit.include_personal, *named)}
    personal = {one.user_name.casefold() for one in report.personal} - taken
    kept = tuple(d for d in devices if d.user_name.key not in personal)
    out = [d for d in devices if d.user_name.key in personal]
    notes = []
    if out:
        notes.append(_of_those(out, asks=asks, none_left=not (kept or waiting), waiting=waiting))
    if unclear := len(report.maybe_personal):
        notes.append(f"Could not check whether {plural(unclear, 'row')} may be personal.")
    return Foreseen(kept, notes or ["No account may be personal."], [_held(d) for d in out])


def foresee_preflight(
    selected: Selected,
    devices: Sequence[Device],
    submit: SubmitOptions,
    public_ip: Iterable[str],
    *,
    passing: bool = False,
) -> Foreseen:
    """Make the preflight that a run would make, and say what that run would refuse or leave out."""
    try:
        token_source(selected)
        found = preflighted(
            selected,
            devices,
            public_ip=public_ip,
            named=submit.include_personal,
            may_ask=False,
            passing=passing,
        )
    except SignInNeededError:
        return Foreseen(devices, ["Prerequisites: not checked, no service was asked."])
    except SiptuiError as error:
        return Foreseen(devices, [f"It would be refused: {error.message}", error.remedy])
    refused = [] if found.kept else ["It would be refused: no row passes."]
    return Foreseen(found.kept, [*found.notes, *refused])


def _of_those(out: Sequence[Device], *, asks: bool, none_left: bool, waiting: bool) -> str:
    who = may_be_personal(out)
    rows = plural(len(out), "row")
    would = "would wait" if waiting else "would be left out"
    if asks:
        return (
            f"It would ask for the name of each account that may be personal ({who}); without it "
            f"{rows} {would}. --include-personal USER names one beforehand."
        )
    if none_left:
        return (
            f"It would be refused: every account may be personal ({who}) and none is named with "
            "--include-personal USER."
        )
    return (
        f"{rows} {would}: the account may be personal ({who}). --include-personal USER takes one "
        "all the same."
    )


def _held(device: Device) -> dict[str, Any]:
    return {
        "line": device.line,
        "username": device.user_name,
        "hardware_id": device.hardware_id,
        "why": "personal",
        "batch_id": None,
        "by": None,
    }
