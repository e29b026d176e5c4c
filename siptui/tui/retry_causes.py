"""What a retry can do for devices that failed, by the class of each cause. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from siptui.domain.outcome import Retry
from siptui.domain.text import visible
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
#: Of so many corrected rows the names are told.
_FEW = 3
_FIXES = (Retry.FIX_TENANT, Retry.PHYSICAL)


def truth(records: Sequence[DeviceRecord], correct: str) -> list[str]:
    """What a retry of these devices can do, as paragraphs: how many are temporary, how many need
    a fix first, how many have wrong data, which a retry sends again. `correct` is the key that
    corrects the names of a row."""
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
    told += corrections(records)
    if counts[Retry.FIX_DATA]:
        told.append(_DATA.format(key=correct))
    if counts[Retry.NEVER]:
        told.append(_NEVER)
    return told


def corrections(records: Sequence[DeviceRecord]) -> list[str]:
    """What the names of these devices were and are now, where they were corrected and not
    submitted since; of many only the first few."""
    corrected = [record for record in records if record.corrected]
    told = [f"Line {one.device.line}: {_change(one)}." for one in corrected[:_FEW]]
    if (more := len(corrected) - _FEW) > 0:
        told.append(f"And {more:,} more.")
    return told


def _change(record: DeviceRecord) -> str:
    old, new = record.corrections[-1].device, record.device
    names = ((old.user_name, new.user_name), (old.hardware_id, new.hardware_id))
    return ", ".join(f"{visible(was)} → {visible(now)}" for was, now in names if was != now)


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


_DATA = (
    "A retry sends the same wrong data again. Correct a row with {key} first, or export those "
    "rows, correct them and open the new list."
)
_NEVER = "A phone whose deadline expired must be reset and provisioned again first."
