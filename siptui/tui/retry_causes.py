"""What a retry can do for devices that failed, by the class of each cause. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from siptui.domain.outcome import Retry
from siptui.runs.state import DeviceRecord

#: Each class in a few words, for a table.
CLASSES: Mapping[Retry, str] = {
    Retry.WAIT: "temporary: a retry may do",
    Retry.FIX_TENANT: "needs a fix in the tenant first",
    Retry.PHYSICAL: "needs a look at the phone first",
    Retry.FIX_DATA: "wrong data in the list",
    Retry.NEVER: "no retry helps: reset and provision again",
    Retry.OPERATOR: "reason unknown: read the answer first",
}
_FIXES = (Retry.FIX_TENANT, Retry.PHYSICAL)


def truth(records: Sequence[DeviceRecord]) -> list[str]:
    """What a retry of these devices can do, as paragraphs: how many are temporary, how many need
    a fix first, how many have wrong data, which a retry sends again."""
    counts = Counter(one.outcome.retry for one in records if one.outcome and not one.corrected)
    corrected = sum(one.corrected for one in records)
    fixes = sum(counts[one] for one in _FIXES)
    parts = []
    if corrected:
        parts.append(f"{corrected:,} {'was' if corrected == 1 else 'were'} corrected")
    if few := counts[Retry.WAIT]:
        parts.append(f"{few:,} {_are(few)} temporary")
    if fixes:
        where = [
            f"{counts[one]:,} {place}"
            for one, place in zip(_FIXES, ("in the tenant", "at the phone"), strict=True)
            if counts[one]
        ]
        need = "needs" if fixes == 1 else "need"
        parts.append(f"{fixes:,} {need} a fix first ({', '.join(where)})")
    if few := counts[Retry.FIX_DATA]:
        parts.append(f"{few:,} {'has' if few == 1 else 'have'} wrong data in the list")
    if few := counts[Retry.NEVER]:
        parts.append(f"{few:,} cannot be helped by a retry (deadline expired)")
    if few := counts[Retry.OPERATOR]:
        parts.append(f"{few:,} failed for a reason that is not known")
    told = [f"{', '.join(parts)}."] if parts else []
    if counts[Retry.FIX_DATA]:
        told.append(_DATA)
    if counts[Retry.NEVER]:
        told.append(_NEVER)
    return told


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


_DATA = (
    "A retry sends the same wrong data again. Correct a row with E first, or export those rows, "
    "correct them and open the new list."
)
_NEVER = "A phone whose deadline expired must be reset and provisioned again first."
