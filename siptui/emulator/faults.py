"""Which fault a call meets: the scenario's fault rules, counted."""

from msgspec import Struct

from siptui.domain.region import Region
from siptui.emulator.random_draws import Seed, draw
from siptui.emulator.scenario import FaultRule


class _Counted(Struct):
    rule: FaultRule
    number: int
    calls: int = 0
    met: int = 0


class Faults:
    """The fault rules in force. The first rule that fits decides; the others count on."""

    def __init__(self, rules: tuple[FaultRule, ...], seed: Seed) -> None:
        self._seed = seed
        self._rules: list[_Counted] = []
        self._numbers = 0
        for rule in rules:
            self.add(rule)

    def add(self, rule: FaultRule) -> None:
        """From now on `rule` holds too; its occurrences count from here."""
        self._rules.append(_Counted(rule, self._numbers))
        self._numbers += 1

    def clear(self) -> None:
        """No faults from now on."""
        self._rules.clear()

    def pick(self, call: str, region: Region | None, now: float) -> FaultRule | None:
        """The fault that this call meets, or none. Every call is asked about exactly once."""
        found: FaultRule | None = None
        for counted in self._rules:
            rule = counted.rule
            calls = (rule.call,) if isinstance(rule.call, str) else rule.call
            if not ({call, "*"} & set(calls) and rule.region in (None, region)):
                continue
            counted.calls += 1
            if found is None and self._meets(counted, now):
                counted.met += 1
                found = rule
        return found

    def refusing(self, now: float) -> bool:
        """Whether no connection at all can be had now: a rule that refuses every call."""
        return any(
            rule.kind == "refused"
            and rule.call == "*"
            and (rule.since is None or now >= rule.since)
            and (rule.until is None or now < rule.until)
            and (rule.nth, rule.every, rule.probability, rule.times, rule.region) == (None,) * 5
            for rule in (counted.rule for counted in self._rules)
        )

    def _meets(self, counted: _Counted, now: float) -> bool:
        rule, place = counted.rule, counted.calls
        nth = (rule.nth,) if isinstance(rule.nth, int) else rule.nth
        return (
            (rule.since is None or now >= rule.since)
            and (rule.until is None or now < rule.until)
            and (rule.times is None or counted.met < rule.times)
            and (nth is None or place in nth)
            and (rule.every is None or place % rule.every == 0)
            and (
                rule.probability is None
                or draw(self._seed, "fault", counted.number, place) < rule.probability
            )
        )
