"""Where each row of a list stands, from everything that was read. Pure; nothing is guessed.

An attempt is a fact of its time. The inventory is of now but late: docs give no figure for how
late, so for `LAG` after an attempt it proves nothing against it, and where only the submit has a
time, for as long more as a batch may take. Absence from the inventory proves
nothing at all: it lists a phone after its first sign-in (Microsoft Learn, "Configure SIP Gateway").

The sources are joined by dictionaries. For 10,000 rows polars needs as long for the joins alone,
several times as long to be loaded, and 55 MB more (`tests/benchmarks/measure_status.py`); the words
of each row would still be made one by one.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from siptui.domain.device import Device
from siptui.domain.times import local_time
from siptui.runs.rollout.evidence import Attempt, Evidence, Result, RowStanding, Seen, Standing

#: For how long after an attempt the inventory may not show what came of it yet.
LAG = timedelta(minutes=30)
#: For how long after its submit a batch of the tenant may have gone on: the service tells no end.
LONGEST = timedelta(hours=2)
_NEVER = datetime.min.replace(tzinfo=UTC)


def reconcile(
    devices: Iterable[Device],
    evidence: Evidence,
    now: datetime,
    *,
    listed: Collection[str] | None = None,
) -> list[RowStanding]:
    """The rows of `devices` in their order, and then what is gone.

    `listed` are the hardware ids of the whole list, with its faulty rows, where `devices` are a
    part of it: its phones are not gone.
    """
    devices = list(devices)
    rows = _Rows(evidence, now)
    found = [rows.of(device) for device in devices]
    known = {str(d.hardware_id) for d in devices} | {str(d.hardware_id.mac) for d in devices}
    return found + rows.gone(known.union(listed or ()))


class _Rows:
    def __init__(self, evidence: Evidence, now: datetime) -> None:
        self._evidence = evidence
        self._now = now
        batches, inventory = evidence.source("batches"), evidence.source("inventory")
        listed = inventory is not None and not inventory.error
        #: Whether a phone that no source tells of is surely new: nothing live can be unseen.
        self._complete = batches is not None and (
            not (batches.error or batches.note) or (batches.partial and listed)
        )
        self._inventory_fails = inventory is not None and inventory.fails_for_now
        self._live_accounts = {
            one.user_name.casefold(): one
            for attempts in evidence.attempts.values()
            for one in attempts
            if one.result is Result.LIVE and not one.corrected_to
        }

        self._signed_in_on: dict[str, list[str]] = {}
        for phone, seen in evidence.seen.items():
            if seen.signed_in:
                self._signed_in_on.setdefault(seen.user_name.casefold(), []).append(phone)

    def of(self, device: Device) -> RowStanding:
        """Where the row of `device` stands."""
        hardware_id, user = str(device.hardware_id), device.user_name.casefold()
        attempts = [
            one
            for one in self._evidence.attempts.get(hardware_id, ())
            # A phone that was corrected is this one for the list that says so still alone.
            if not one.corrected_to or one.user_name.casefold() == user
        ]
        last = _newest(attempts)
        seen = self._seen(device)

        def row(
            standing: Standing, why: str, fact: Attempt | None = None, *, again: bool = False
        ) -> RowStanding:
            if standing is Standing.TO_DO and (there := self._elsewhere(device)):
                why += f"; its account is signed in on {there}"
            return RowStanding(
                line=device.line,
                user_name=str(device.user_name),
                hardware_id=hardware_id,
                region=str(device.region),
                standing=standing,
                since=fact.at if fact else None,
                by=fact.by if fact else "",
                why=why,
                again=again,
                extra=device.extra,
            )

        live = next((a for a in attempts if a.result is Result.LIVE), None)
        if live is not None:
            return row(Standing.LIVE, f"in {live.where}{_as(live, user)}", live)
        if (busy := self._live_accounts.get(user)) is not None:
            why = f"its account is in {busy.where}, on {busy.hardware_id}"
            return row(Standing.LIVE, why, busy)
        if last is None:
            return row(*self._by_inventory_alone(seen, user))
        if last.result is Result.WAITS:
            return row(Standing.TO_DO, f"waits in {last.where}", last)
        if last.result is Result.UNKNOWN:
            return row(*self._of_unknown(last, seen, user), last)
        if last.result is Result.FAILED:
            return row(*self._of_failed(last, seen, user), last)
        if last.corrected_to:  # what the inventory says of this id is of no phone of the run
            why = f"corrected to {last.corrected_to} in {last.where}, and signed in so"
            return row(Standing.OTHER, why, last)
        standing, why, again = self._of_succeeded(last, seen, user)
        return row(standing, why, last, again=again)

    def _elsewhere(self, device: Device) -> str:
        """Another phone on which the account of `device` is seen signed in, or nothing: a submit
        resets its password there, too."""
        phones = self._signed_in_on.get(device.user_name.casefold(), ())
        mac = str(device.hardware_id.mac)
        return next((one for one in phones if not one.startswith(mac)), "")

    def _seen(self, device: Device) -> Seen | None:
        seen = self._evidence.seen
        if found := seen.get(str(device.hardware_id)):
            return found
        found = seen.get(str(device.hardware_id.mac))
        if found and found.signed_in and found.user_name.casefold() == device.user_name.casefold():
            return found
        return None  # an adapter is one device there: what it says of one port tells of no other

    def _by_inventory_alone(self, seen: Seen | None, user: str) -> tuple[Standing, str]:
        if seen is not None and seen.signed_in and seen.user_name:
            if seen.user_name.casefold() == user:
                return Standing.DONE, "the inventory has it signed in; no batch is known"
            return Standing.OTHER, f"signed in as {seen.user_name}, not as {user}"
        if seen is not None and seen.signed_in is None and seen.user_name:
            return Standing.UNKNOWN, "the inventory does not say whether it is signed in"
        if seen is not None and seen.signed_in:
            return Standing.UNKNOWN, "the inventory does not say as whom it is signed in"
        if not self._complete:
            return Standing.UNKNOWN, "no run of this host has it, and the batches cannot be read"
        if self._inventory_fails:
            why = "no run or batch has it, and the inventory cannot be read for now"
            return Standing.UNKNOWN, why
        return Standing.TO_DO, "not signed in" if seen else "new"

    def _of_unknown(self, last: Attempt, seen: Seen | None, user: str) -> tuple[Standing, str]:
        if _is(seen, user) and not self._fresh(last):
            return Standing.DONE, f"the inventory has it signed in; {last.where} did not tell"
        return Standing.UNKNOWN, f"its outcome in {last.where} is not known"

    def _of_failed(self, last: Attempt, seen: Seen | None, user: str) -> tuple[Standing, str]:
        failed = f"failed in {last.where}" + (f": {last.error}" if last.error else "")
        if seen is None or not seen.signed_in or not seen.user_name:
            return Standing.TO_DO, failed
        if _is(seen, user):
            if self._fresh(last):
                why = f"{failed}; the inventory has it signed in, perhaps from before"
                return Standing.UNKNOWN, why
            return Standing.DONE, f"the inventory has it signed in since it {failed}"
        return Standing.OTHER, f"signed in as {seen.user_name}, not as {user}; {failed}"

    def _of_succeeded(
        self, last: Attempt, seen: Seen | None, user: str
    ) -> tuple[Standing, str, bool]:
        wanted = last.user_name.casefold() == user
        by = f"signed in{_as(last, user)} by {last.where}"
        ours = Standing.DONE if wanted else Standing.OTHER
        if seen is None or seen.signed_in is None or (seen.signed_in and not seen.user_name):
            return ours, by, False
        if _is(seen, user):
            if wanted:
                return Standing.DONE, f"{by}; the inventory agrees", False
            if self._fresh(last):
                return Standing.UNKNOWN, f"{by}; the inventory has {user}", False
            return Standing.DONE, f"the inventory has it signed in, after {last.where}", False
        if seen.signed_in:
            if seen.user_name.casefold() == last.user_name.casefold():
                return ours, by, False
            if self._fresh(last):
                why = f"{by}; the inventory has {seen.user_name}, which may be late"
                return Standing.UNKNOWN, why, False
            return Standing.OTHER, f"signed in as {seen.user_name}, not as {user}", False
        if self._fresh(last):
            late = f"{by}; the service says success, the inventory not yet"
            return (ours if self._surely_fresh(last) else Standing.UNKNOWN), late, False
        assert last.at is not None  # or it would be fresh
        since = local_time(last.at, self._now)
        why = f"no longer signed in; {last.where} signed it in {since}"
        return Standing.TO_DO, why, wanted

    def _fresh(self, attempt: Attempt) -> bool:
        return self._within(LAG if attempt.end_known else LAG + LONGEST, attempt)

    def _surely_fresh(self, attempt: Attempt) -> bool:
        return self._within(LAG, attempt)

    def _within(self, lag: timedelta, attempt: Attempt) -> bool:
        return attempt.at is None or self._now - attempt.at < lag

    def gone(self, listed: set[str]) -> list[RowStanding]:
        """What the history or the inventory has and the list has not."""
        found: dict[str, RowStanding] = {}
        for hardware_id, seen in self._evidence.seen.items():
            if hardware_id not in listed:
                found[hardware_id] = RowStanding(
                    *(None, seen.user_name, hardware_id, seen.region, Standing.GONE),
                    why=f"not in the list; {_seen(seen)}",
                )
        for hardware_id, attempts in self._evidence.attempts.items():
            if hardware_id in listed or hardware_id in found:
                continue
            # Of this host's runs: what else the tenant submitted is not this list's.
            here = [a for a in attempts if a.of_run and not a.corrected_to]
            last = _newest(here)
            if last is not None and last.result is not Result.WAITS:
                found[hardware_id] = RowStanding(
                    *(None, last.user_name, hardware_id, last.region, Standing.GONE),
                    *(last.at, last.by),
                    why=f"not in the list; {_came_to(last)}",
                )
        return [found[key] for key in sorted(found)]


def _seen(seen: Seen) -> str:
    if seen.signed_in:
        return f"signed in as {seen.user_name} in the inventory"
    told = "not signed in" if seen.signed_in is False else "which does not say who is signed in"
    return f"in the inventory, {told}"


def _came_to(last: Attempt) -> str:
    if last.result is Result.SUCCEEDED:
        return f"signed in by {last.where}"
    return f"{last.result} in {last.where}"


def _newest(attempts: Sequence[Attempt]) -> Attempt | None:
    """The one submitted last: one that waits counts where there is no other.

    What came of an attempt may be heard long after it, and after that of a later one.
    """
    real = [one for one in attempts if one.result is not Result.WAITS]
    known = real or list(attempts)
    return max(known, key=lambda one: one.began or one.at or _NEVER, default=None)


def _is(seen: Seen | None, user: str) -> bool:
    return seen is not None and bool(seen.signed_in) and seen.user_name.casefold() == user


def _as(attempt: Attempt, user: str) -> str:
    return "" if attempt.user_name.casefold() == user else f" as {attempt.user_name}"
