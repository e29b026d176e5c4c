"""What a report says of passwords that were not reset. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from siptui.domain.device import Device
from siptui.domain.outcome import Cause, Outcome
from siptui.domain.text import plural
from siptui.runs.state import Correction, DeviceRecord


def kept(outcome: Outcome | None, attempts: int) -> bool:
    """Whether no attempt reset the password of the account, for certain: of several attempts only
    what came of the last is known here."""
    return outcome is not None and outcome.password_kept and attempts <= 1


def of_account(outcome: Outcome | None, attempts: int) -> str:
    """What is said of the account of a device that failed so; nothing where its password was, or
    may have been, reset."""
    if outcome is None or not outcome.password_kept:
        return ""
    if attempts <= 1:
        return "Its password was not reset."
    return "Its password was not reset by the last attempt."


def failures_of(
    device: Device, outcome: Outcome | None, attempts: int, corrections: Sequence[Correction]
) -> Iterator[tuple[str, Outcome | None, int]]:
    """User name, outcome and attempts of a device, for `of_all`; where its user name was
    corrected, of the accounts of before, too."""
    before = 0
    for was in corrections:
        if was.device.user_name.key != device.user_name.key:
            yield str(was.device.user_name), was.outcome, was.attempt - before
            before = was.attempt
    if attempts > before:  # else the account of now was never submitted
        yield str(device.user_name), outcome, attempts - before


def failures(records: Iterable[DeviceRecord]) -> Iterator[tuple[str, Outcome | None, int]]:
    """The same of the devices of a run."""
    for one in records:
        yield from failures_of(one.device, one.outcome, one.attempt, one.corrections)


def of_all(failures: Iterable[tuple[str, Outcome | None, int]]) -> str:
    """A sentence that excepts accounts from the statement that all passwords were reset; nothing
    where there is no exception. `failures` are user name, outcome and attempts of each device."""
    accounts: dict[Cause, set[str]] = {}
    for user_name, outcome, attempts in failures:
        if outcome is not None and kept(outcome, attempts):
            accounts.setdefault(outcome.cause, set()).add(user_name.casefold())
    parts = []
    if found := accounts.get(Cause.USER_NOT_FOUND):
        parts.append(f"{plural(len(found), 'account')} that the tenant does not have")
    if found := accounts.get(Cause.BATCH_REJECTED):
        parts.append(f"{plural(len(found), 'account')} whose batch was refused as a whole")
    return f"Not reset: the passwords of {' and of '.join(parts)}." if parts else ""
