"""What of the rows is submitted where it is known how they stand: what is to do comes first."""

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from siptui.domain.device import Device, DeviceKey
from siptui.domain.text import plural
from siptui.runs.conflicts import NewOnly
from siptui.runs.rollout.evidence import RowStanding, Standing
from siptui.runs.rollout.standing_words import WORDS
from siptui.tui.console.model import SIGNED_IN_ALREADY, SIGNED_IN_AS_ANOTHER
from siptui.tui.console.status_rows import Standings
from siptui.tui.console.view import Ask
from siptui.tui.dialogs.ask import Choice
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.widgets.text_lines import Line

#: Why rows are left out, by where they stand.
_WHY = {
    Standing.DONE: SIGNED_IN_ALREADY,
    Standing.OTHER: SIGNED_IN_AS_ANOTHER,
    Standing.LIVE: "at the service now, or its account is",
    Standing.UNKNOWN: "where it stands is not known",
    Standing.GONE: "not in the list",
}


class Part(Struct, frozen=True):
    """The `devices` that are to be submitted and why others are left out. `again`: some go out
    that the history calls signed in; `stale_signed_in` are those of which it is no longer so.
    `everything`: the operator wants what is done as well."""

    devices: Sequence[Device]
    left_out: dict[DeviceKey, str]
    again: bool = False
    notes: Sequence[str] = ()
    stale_signed_in: frozenset[DeviceKey] = frozenset()
    everything: bool = False

    def without_new(self, news: NewOnly) -> "Part":
        """The same without what went out, or was signed in, since it was known how rows stand."""
        if self.everything:
            return self  # by the operator's word; what is live is refused when it is submitted
        left_out = self.left_out | {d.key: _WHY[Standing.LIVE] for d in news.at_service}
        kept = self.stale_signed_in
        left_out |= {d.key: _WHY[Standing.DONE] for d in news.signed_in if d.key not in kept}
        devices = [d for d in self.devices if d.key not in left_out]
        again = any(d.key in kept for d in devices)
        return replace(self, devices=devices, left_out=left_out, again=again)

    def said(self) -> list[str]:
        """What is left out and why, a sentence for each reason."""
        counted = Counter(self.left_out.values())
        return [f"{plural(count, 'row')} left out: {why}." for why, count in counted.items()]


async def part_chosen(ask: Ask, standings: Standings, devices: Sequence[Device]) -> Part | None:
    """What of `devices` is submitted; none if the operator goes back. What is live stays out."""
    rows = [(device, standings.standing(device)) for device in devices]
    known = Counter(_of(row) for _, row in rows)
    to_do = [(device, row) for device, row in rows if _of(row) is Standing.TO_DO]
    left_out = {d.key: _WHY[_of(row)] for d, row in rows if _of(row) is not Standing.TO_DO}
    lost = frozenset(d.key for d, row in to_do if row and row.again)
    only = Part([d for d, _ in to_do], left_out, stale_signed_in=lost)
    if not left_out:
        return only
    live = {d.key: _WHY[Standing.LIVE] for d, row in rows if _of(row) is Standing.LIVE}
    rest = Part([d for d in devices if d.key not in live], live, again=True, everything=True)
    said = ", ".join(f"{known[one]:,} {WORDS[one]}" for one in Standing if known[one])
    text: list[Line] = [
        ((f"Of {plural(len(devices), 'row')}: {said}.", "normal"),),
        (
            (
                "What is signed in and submitted once more has the password of its account reset "
                "again.",
                "strong",
            ),
        ),
    ]
    first = plural(len(to_do), "device") if to_do else "none: nothing is submitted"
    choices = [("only", "only what is to do", first)]
    if rest.devices:
        more = "all of them" if not live else "all but what is live"
        choices.append(("rest", more, f"{plural(len(rest.devices), 'device')}, done or not"))
    chosen = await ask(Choice("What is to do", choices, text, topic=Topic.TO_DO))
    return {"only": only, "rest": rest}.get(chosen) if isinstance(chosen, str) else None


def _of(row: RowStanding | None) -> Standing:
    return row.standing if row is not None else Standing.UNKNOWN
