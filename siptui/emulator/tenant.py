"""The emulated tenant: state and rules of bulk sign-in, without any HTTP.

Everything is a function of scenario, seed and time. Nothing runs in the background: a request
first settles what has happened since, event by event, in the order of time.

Over 400 lines because submits, batches and inventory share one state and its clock.
"""

import heapq
import itertools
import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from msgspec import Struct

from siptui.domain.outcome import Cause
from siptui.domain.region import Region
from siptui.emulator.account_rules import Directory, Phone
from siptui.emulator.accounts import People
from siptui.emulator.batches import Batch, Item, device_key, schedule
from siptui.emulator.call_log import Ledger, Refused, Submit, Violation, Wrong
from siptui.emulator.clock import Clock
from siptui.emulator.device_outcome import TEXTS, canonical, device_error
from siptui.emulator.phone_sign_ins import PhoneSignIns
from siptui.emulator.policies import Configurations
from siptui.emulator.random_draws import Seed, draw, generator, guid
from siptui.emulator.scenario import AccountRule, DeviceRule, ForeignBatch, HandSignIn, Scenario

#: How far back the tenant's list of batches reaches (Get-CsSdgBulkSignInRequestsSummary).
MEMORY = timedelta(days=30)


class Accepted(Struct, frozen=True):
    """The submit was taken; its passwords are reset from now on."""

    batch: Batch


class Refusal(Struct, frozen=True):
    """The submit was not taken. `retry_after`: emulated seconds the caller is asked to wait."""

    status: int
    code: str
    message: str
    retry_after: float | None = None


class Truth(Struct, frozen=True):
    """How a device really stands: `never_submitted`, `running`, `signed_in` or `failed`."""

    state: str
    error: str = ""
    batch_id: str = ""
    attempts: int = 0


class Tenant:
    """One tenant with its accounts, phones and batches. Not for several threads at once."""

    def __init__(self, scenario: Scenario, clock: Clock, seed: Seed = 1) -> None:
        self.scenario = scenario
        self.clock = clock
        self.seed = seed
        self.ledger = Ledger()
        self.directory = Directory(scenario, seed)
        self.configurations = Configurations(scenario)
        self.people = People(scenario, self.directory, self.configurations, seed)
        self._reads = itertools.count()
        self._batches: dict[str, Batch] = {}
        self._latest: dict[tuple[str, str], tuple[Item, Batch]] = {}
        self._numbers = itertools.count(1)
        self._own = itertools.count(1)
        self._order = itertools.count()
        self._coming: list[tuple[float, int, Callable[[float], None]]] = []
        self._waiting: dict[Region, list[ForeignBatch]] = {region: [] for region in Region}
        self.sign_ins = PhoneSignIns()
        for foreign in scenario.foreign:
            self._at(foreign.at, partial(self._foreign_comes, foreign))
        for hand in scenario.by_hand:
            self._at(hand.at, partial(self._by_hand, hand))

    # -- time ---------------------------------------------------------------------------------

    def settle(self) -> float:
        """Let everything happen that is due by now; the emulated seconds since the beginning."""
        now = self.clock.now()
        while self._coming and self._coming[0][0] <= now:
            moment, _, happen = heapq.heappop(self._coming)
            happen(moment)
        return now

    def advance(self, seconds: float) -> float:
        """Set the time forward."""
        self.clock.advance(seconds)
        return self.settle()

    def _at(self, moment: float, happen: Callable[[float], None]) -> None:
        if math.isfinite(moment):
            heapq.heappush(self._coming, (moment, next(self._order), happen))

    # -- what a caller can do -----------------------------------------------------------------

    def submit(
        self, region: Region, wanted: Sequence[tuple[str, str]], by: str, *, strong: bool = True
    ) -> Accepted | Refusal:
        """Take a batch of (user name, hardware id), or say why not.

        `strong`: who submits may reset the password of an administrator too.
        """
        now = self.settle()
        limits = self.scenario.limits
        refusal: Refusal | None = None
        if len(wanted) > limits.devices:
            refusal = Refusal(
                400,
                "BatchSizeExceeded",
                f"{len(wanted)} devices; at most {limits.devices} are allowed in one batch.",
            )
        elif not wanted:
            refusal = Refusal(400, "BadRequest", "The batch has no devices.")
        elif len(self.live(region)) >= limits.live and limits.over in {"429", "400"}:
            refusal = Refusal(
                int(limits.over),
                "TooManyBatches",
                f"{limits.live} batches are in progress in {region} already.",
                limits.retry_after if limits.over == "429" else None,
            )
        items = [
            Item(user, hardware_id, device_key(user, hardware_id)) for user, hardware_id in wanted
        ]
        if refusal is None:
            clashes = self._clashes(items, now)
            if clashes and limits.conflict != "accept":
                self.ledger.violations.extend(clashes)
                refusal = Refusal(
                    int(limits.conflict),
                    "BatchConflict",
                    "A device or user of this batch is being signed in by another batch.",
                )
        if refusal is not None:
            self.ledger.refused.append(
                Refused(now, region, len(wanted), refusal.status, refusal.message)
            )
            return refusal
        return Accepted(self._take(region, items, by, now, strong=strong))

    def reads_up_to(self) -> float:
        """Up to which moment the replica that is read now has seen what was written."""
        now, lag = self.settle(), self.scenario.lag
        if lag.replicas == 1:
            return now - lag.policy
        replica = int(draw(self.seed, "replica", next(self._reads)) * lag.replicas)
        return now - lag.policy * replica / (lag.replicas - 1)

    def next_attempt(self, user: str) -> int:
        """Which attempt the account's next submit would be; rules may go by it."""
        return self.ledger.resets[user.casefold()] + 1

    def phone(self, hardware_id: str, attempt: int) -> Phone:
        """How a phone stands now, before its submit of this number."""
        now = self.settle()
        return self.people.phone(hardware_id, now, attempt=attempt, written=now)

    def batch(self, batch_id: str) -> Batch | None:
        """The batch of this id, once it can be read."""
        now = self.settle()
        batch = self._batches.get(batch_id.strip().casefold())
        if batch is None or batch.gone or now - batch.accepted < self.scenario.lag.status:
            return None
        return batch

    def batches(self) -> list[Batch]:
        """The batches of the past 30 days that can be read, newest first."""
        now = self.settle()
        oldest = self.clock.date() - MEMORY
        lag = self.scenario.lag.summaries
        found = [
            batch
            for batch in reversed(self._batches.values())
            if not batch.gone and batch.requested >= oldest and now - batch.accepted >= lag
        ]
        for batch in found:
            batch.listed = min(batch.listed, now)
        return found

    # -- what only a test can know ------------------------------------------------------------

    def live(self, region: Region) -> list[Batch]:
        """The batches of a region that are not over, those waiting for a slot too."""
        return [b for b in self._batches.values() if b.region is region and not b.done]

    def region_of(self, batch_id: str) -> Region | None:
        """Where a batch runs, whether or not it can be read yet."""
        batch = self._batches.get(batch_id.strip().casefold())
        return batch.region if batch else None

    def truth(self, user_name: str, hardware_id: str) -> Truth:
        """How this device really stands now."""
        self.settle()
        key = device_key(user_name, hardware_id)
        found = self._latest.get(key)
        return self._truth(found) if found else Truth("never_submitted")

    def truths(self) -> dict[tuple[str, str], Truth]:
        """How every device stands that was ever submitted."""
        self.settle()
        return {key: self._truth(found) for key, found in self._latest.items()}

    def change_accounts(self, rule: AccountRule) -> None:
        """What accounts are like from now on; what is over stays as it ended."""
        self.settle()
        self.directory.change_accounts(rule)

    def change_devices(self, rule: DeviceRule) -> None:
        """What phones are like from now on; what is over stays as it ended."""
        self.settle()
        self.directory.change_devices(rule)

    def start_foreign(self, foreign: ForeignBatch) -> None:
        """Another operator starts a batch with PowerShell; `at` counts from now."""
        now = self.settle()
        self._at(now + foreign.at, partial(self._foreign_comes, foreign))
        self.settle()

    def sign_in_by_hand(self, hand: HandSignIn) -> None:
        """A person signs a phone in or out at the phone; `at` counts from now."""
        now = self.settle()
        self._at(now + hand.at, partial(self._by_hand, hand))
        self.settle()

    def _by_hand(self, hand: HandSignIn, moment: float) -> None:
        phone = canonical(hand.hardware_id)
        if hand.user:
            self.sign_ins.signed_in(phone, hand.user, moment)
        else:
            self.sign_ins.signed_out(phone, moment)

    def _truth(self, found: tuple[Item, Batch]) -> Truth:
        item, batch = found
        times = self.ledger.times[item.key]
        if item.verdict is None:
            return Truth("running", "", batch.batch_id, times)
        state = "failed" if item.verdict else "signed_in"
        return Truth(state, item.verdict, batch.batch_id, times)

    # -- the life of a batch ------------------------------------------------------------------

    def _take(
        self,
        region: Region,
        items: list[Item],
        by: str,
        now: float,
        *,
        foreign: bool = False,
        strong: bool = True,
    ) -> Batch:
        number = next(self._numbers)
        batch = Batch(
            batch_id=guid(self.seed, "batch", number),
            number=number,
            region=region,
            by=by,
            accepted=now,
            requested=self.clock.date_at(now),
            items=items,
            foreign=foreign,
            strong=strong,
        )
        ledger = self.ledger
        ledger.violations.extend(self._clashes(items, now, batch.batch_id))
        live = len(self.live(region)) + 1
        if live > self.scenario.limits.live and not foreign:
            known_for = self._known_for(region, now)
            over = Violation(now, Wrong.TOO_MANY_LIVE, batch.batch_id, known_for=known_for)
            ledger.violations.append(over)
        ledger.max_live[region] = max(ledger.max_live.get(region, 0), live)
        sent = tuple((item.user_name, item.hardware_id) for item in items)
        (ledger.foreign if foreign else ledger.submits).append(
            Submit(now, batch.batch_id, region, sent, by)
        )
        for item in items:
            ledger.times[item.key] += 1
            ledger.resets[item.key[0]] += 1
            item.attempt = ledger.times[item.key]
            self._latest[item.key] = (item, batch)
        queueing = self.scenario.limits.over == "queue"
        self._batches[batch.batch_id] = batch
        if not queueing or live <= self.scenario.limits.live:
            self._begin(batch, now)
        return batch

    def _known_for(self, region: Region, now: float) -> float:
        """For how long callers could know that every slot is taken: of their own batches they do
        from the beginning, of others once these were listed."""
        known = sorted(
            min(b.listed, math.inf if b.foreign else b.accepted) for b in self.live(region)
        )
        since = known[self.scenario.limits.live - 1]
        return max(0.0, now - since) if math.isfinite(since) else 0.0

    def _begin(self, batch: Batch, now: float) -> None:
        batch.started = now
        slow, stuck = self._faults_of(batch)
        factors = []
        for place, item in enumerate(batch.items):
            phone = self.directory.phone(item.key[1], now, item.attempt)
            never = phone.stuck or draw(self.seed, "stuck", batch.number, place) < stuck
            factors.append(math.inf if never else slow * phone.slow)
            item.silent, item.word = phone.silent, phone.word
        chance = generator(self.seed, "times", batch.number)
        timing = self.scenario.timing
        batch.ends = schedule(batch.items, now, timing, chance, factors=factors)
        for item in batch.items:
            self._at(item.ends, partial(self._decide, batch, item))
        self._at(batch.ends, partial(self._over, batch))

    def _faults_of(self, batch: Batch) -> tuple[float, float]:
        slow, stuck = 1.0, 0.0
        if batch.foreign:
            return slow, stuck
        place = next(self._own)
        for rule in self.scenario.batches:
            nth = (rule.nth,) if isinstance(rule.nth, int) else rule.nth
            if (nth is None or place in nth) and rule.region in (None, batch.region):
                slow, stuck = slow * rule.slow, max(stuck, rule.stuck)
                batch.gone = batch.gone or rule.gone
        return slow, stuck

    def _decide(self, batch: Batch, item: Item, moment: float) -> None:
        self._judge(batch, item, moment)
        user, phone = item.key
        if item.verdict:
            self.sign_ins.signed_out(phone, moment, user)
        else:
            lasts = self.directory.phone(phone, moment, item.attempt).falls_back
            self.sign_ins.signed_in(phone, user, moment, lasts)

    def _judge(self, batch: Batch, item: Item, moment: float) -> None:
        if item.foretold is not None:
            item.verdict = item.foretold
            return
        seen = moment - self.scenario.lag.bulk
        account = self.people.judged(
            item.key[0], moment, attempt=item.attempt, strong=batch.strong, written=seen
        )
        before = 0
        if account.on_premises == "throttling":
            for other in batch.items:
                if other is item:
                    break
                peer = self.directory.account(other.key[0], moment, other.attempt)
                before += peer.on_premises == "throttling"
        item.verdict = device_error(
            hardware_id=item.hardware_id,
            region=batch.region,
            account=account,
            phone=self.people.phone(item.key[1], moment, attempt=item.attempt, written=seen),
            moment=moment,
            synced_before=before,
        )

    def _over(self, batch: Batch, moment: float) -> None:
        batch.done = True
        waiting = [b for b in self.live(batch.region) if b.started is None]
        if waiting:
            self._begin(waiting[0], moment)
        elif (
            self._waiting[batch.region] and len(self.live(batch.region)) < self.scenario.limits.live
        ):
            self._foreign_starts(self._waiting[batch.region].pop(0), moment)

    def _clashes(self, items: Sequence[Item], now: float, batch_id: str = "") -> list[Violation]:
        found: list[Violation] = []

        def note(wrong: Wrong, item: Item, other: str = "") -> None:
            user, hardware_id = item.key
            found.append(Violation(now, wrong, batch_id, other, user, hardware_id))

        live = [batch for batch in self._batches.values() if not batch.done]
        users: set[str] = set()
        devices: set[str] = set()
        for item in items:
            user, hardware_id = item.key
            if hardware_id in devices:
                note(Wrong.DEVICE_LIVE_TWICE, item, batch_id)
            if user in users:
                note(Wrong.ACCOUNT_LIVE_TWICE, item, batch_id)
            users.add(user)
            devices.add(hardware_id)
            for batch in live:
                if hardware_id in batch.devices:
                    note(Wrong.DEVICE_LIVE_TWICE, item, batch.batch_id)
                if user in batch.accounts:
                    note(Wrong.ACCOUNT_LIVE_TWICE, item, batch.batch_id)
            before = self._latest.get(item.key)
            if before and before[0].verdict == "":
                note(Wrong.SUBMITTED_AFTER_SUCCESS, item, before[1].batch_id)
        return found

    # -- another operator, with PowerShell ----------------------------------------------------

    def _foreign_comes(self, foreign: ForeignBatch, moment: float) -> None:
        if len(self.live(foreign.region)) < self.scenario.limits.live:
            self._foreign_starts(foreign, moment)
        else:
            # The service turns them away; they try again until a slot is free.
            self._waiting[foreign.region].append(foreign)

    def _foreign_starts(self, foreign: ForeignBatch, moment: float) -> None:
        named = foreign.items
        number = len(self.ledger.foreign) + 1
        domain = self.scenario.tenant.domain
        chance = generator(self.seed, "foreign", number)
        items = [Item(user, device, device_key(user, device)) for user, device in named]
        for place in range(0 if named else foreign.devices):
            user = f"elsewhere-{number}-{place + 1:03}@{domain}"
            octets = chance.getrandbits(24).to_bytes(3)
            device = "00-15-65-" + "-".join(f"{octet:02X}" for octet in octets)
            failing = draw(self.seed, "failing", number, place) < foreign.failing
            foretold = TEXTS[Cause.OFFLINE] if failing else ""
            items.append(Item(user, device, device_key(user, device), foretold=foretold))
        self._take(foreign.region, items, foreign.user, moment, foreign=True)
