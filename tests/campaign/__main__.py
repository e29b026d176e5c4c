"""Runs with real processes under faults: `python -m tests.campaign --runs 300 --seed N`.

Each run is planned from the seed and its number alone: which faults, how many devices, how big the
batches. What processes then do to each other in time is up to the computer; `--only NUMBER` repeats
a run as it was planned, `--keep FOLDER` leaves everything it wrote there. Every run must come to an
end that equals the emulator's truth, with no device submitted more often than was ordered.
Prints each run that does not, and a table.
"""

import argparse
import contextlib
import json
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.__main__ import commit, machine
from tests.benchmarks.results import RESULTS, write_section
from tests.campaign.case import Case, StuckError, case
from tests.campaign.kinds import KINDS, Kind

#: What the tenant is like in every run.
BASE = """
[timing]
device = [30, 300]
[[devices]]
share = 0.15
online = false
[[accounts]]
share = 0.1
number = false
"""


@dataclass
class Result:
    """How a run came out."""

    number: int
    kinds: Sequence[Kind]
    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def line(self) -> str:
        """As a line of `--log`."""
        return json.dumps(
            {
                "number": self.number,
                "kinds": [kind.name for kind in self.kinds],
                "faults": self.faults,
                "counts": self.counts,
                "seconds": round(self.seconds, 1),
            }
        )

    @classmethod
    def of_line(cls, line: str) -> "Result":
        """What `line` wrote."""
        fields = json.loads(line)
        kinds = [kind for name in fields["kinds"] for kind in KINDS if kind.name == name]
        counts, seconds = Counter(fields["counts"]), fields["seconds"]
        return cls(fields["number"], kinds, fields["faults"], counts, seconds)

    @property
    def name(self) -> str:
        """The kinds of its faults."""
        return " + ".join(kind.name for kind in self.kinds)


def planned(rng: random.Random, number: int, wanted: str) -> list[Kind]:
    """The kinds of one run: all in turn, each with up to two of other groups."""
    first = [kind for kind in KINDS if wanted in kind.name] if wanted else KINDS
    kinds = [first[number % len(first)]]
    if kinds[0].alone:
        return kinds
    for kind in rng.sample([kind for kind in KINDS[1:] if not kind.alone], rng.randint(0, 2)):
        if all(kind.goes_with(other) for other in kinds):
            kinds.append(kind)
    return kinds


def carry_out(seed: str, number: int, wanted: str, keep: Path | None) -> Result:
    """One run from its plan to its verdict."""
    rng = random.Random(f"{seed}-{number}")
    result = Result(number, planned(rng, number, wanted))
    parts = [kind.scenario(rng) for kind in result.kinds]
    scenario = "".join(parts if result.kinds[0].alone else (BASE, *parts))
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        try:
            run = stack.enter_context(case(rng, scenario, keep / str(number) if keep else None))
        except Exception:
            result.faults = [f"the campaign itself: {traceback.format_exc()}"]
            return result
        try:
            if alone := result.kinds[0].alone:
                result.faults = alone(run, rng)
                return _ended(result, run, began)
            start = next((k.start for k in result.kinds if k.start is not KINDS[0].start), None)
            (start or KINDS[0].start)(run, rng)
            for kind in result.kinds:
                kind.act(run, rng)
            run.conclude()
            result.faults = run.verdict()
        except StuckError as error:
            result.faults = [f"stuck: {error}"]
            if not result.kinds[0].alone:
                result.faults += run.verdict()
        except Exception:
            result.faults = [f"the campaign itself: {traceback.format_exc()}"]
        return _ended(result, run, began)


def _ended(result: Result, run: Case, began: float) -> Result:
    ledger = run.installation.emulator.ask("ledger")
    sent = Counter(item[1] for submit in ledger["submits"] for item in submit["items"])
    result.counts = run.counts + Counter(
        {
            "requests": sum(ledger["calls"].values()),
            "faults": sum(ledger["faults"].values()),
            "submits": len(ledger["submits"]),
            "devices": len(run.devices),
            "sent": sent.total(),
            "sent again": sent.total() - len(sent),
        }
    )
    result.seconds = time.monotonic() - began
    return result


def table(results: Sequence[Result]) -> str:
    """The figures by kind, and of all, in Markdown."""
    kills = ("SIGKILL", "SIGTERM", "SIGSTOP", "viewers killed", "service stopped")
    rows = ["| kind | runs | requests | faults | signals | resumed | decided | not as it must be |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |"]  # fmt: skip
    named = [(kind.name, [r for r in results if kind in r.kinds]) for kind in KINDS]
    for name, some in [*named, ("**all**", list(results))]:
        if not some:
            continue
        sums = sum((result.counts for result in some), Counter[str]())
        figures = (
            len(some),
            sums["requests"],
            sums["faults"],
            sum(sums[kill] for kill in kills),
            sums["resumes"],
            sums["adopted"] + sums["resubmitted"],
            sum(bool(result.faults) for result in some),
        )
        rows.append(f"| {name} | " + " | ".join(f"{figure:,}" for figure in figures) + " |")
    return "\n".join(rows)


def main() -> int:
    """Carry the campaign out; the exit code says whether every run ended as it must."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--runs", type=int, default=len(KINDS))
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", type=int, action="append", metavar="NUMBER")
    parser.add_argument("--kind", default="", help="only kinds whose name holds this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--log", type=Path, metavar="FILE", help="add each run to FILE; leave out those in it"
    )
    parser.add_argument("--write", action="store_true", help=f"put the table into {RESULTS.name}")
    chosen = parser.parse_args()
    numbers = chosen.only or list(range(chosen.runs))
    results: list[Result] = []
    if chosen.log and chosen.log.exists():
        results = [Result.of_line(line) for line in chosen.log.read_text().splitlines()]
        numbers = [number for number in numbers if number not in {r.number for r in results}]
    print(f"seed {chosen.seed}, {len(numbers)} runs", flush=True)

    def one(number: int) -> None:
        result = carry_out(chosen.seed, number, chosen.kind, chosen.keep)
        results.append(result)
        if chosen.log:
            with chosen.log.open("a") as log:
                log.write(f"{result.line()}\n")
        mark = "FAULT" if result.faults else "ok"
        print(f"{mark} {number} {result.seconds:.0f} s: {result.name}", flush=True)
        for fault in result.faults:
            print(f"    {fault}", flush=True)

    began = time.monotonic()
    with ThreadPoolExecutor(chosen.jobs) as pool:
        list(pool.map(one, numbers))
    figures = table(results)
    print(f"\n{figures}\n")
    wrong = sorted(result.number for result in results if result.faults)
    print(f"seed {chosen.seed}, {len(results)} runs, {time.monotonic() - began:.0f} s")
    if wrong:
        again = " ".join(f"--only {number}" for number in wrong)
        kind = f" --kind {chosen.kind!r}" if chosen.kind else ""
        print(f"not as it must be: python -m tests.campaign --seed {chosen.seed}{kind} {again}")
    if chosen.write:
        _write(chosen.seed, results, figures)
    return 1 if wrong else 0


def _sent(results: Sequence[Result], sums: Counter[str]) -> str:
    """How often phones were submitted; nothing where a log of before does not tell."""
    if not all("sent" in result.counts or not result.counts["submits"] for result in results):
        return ""
    return (
        f"- phones were submitted {sums['sent']:,} times, {sums['sent again']:,} of these once "
        "more, by order\n"
    )


def _write(seed: str, results: Sequence[Result], figures: str) -> None:
    sums = sum((result.counts for result in results), Counter[str]())
    wrong = sum(bool(result.faults) for result in results)
    seconds = sum(result.seconds for result in results)
    said = (
        "Every run came to an end that equals the emulator's truth."
        if not wrong
        else f"{wrong:,} runs did not come to an end that equals the emulator's truth."
    )
    text = (
        f"Written by `python -m tests.campaign --runs {len(results)} --seed {seed} --write`: runs\n"
        "with real processes under faults of all kinds, up to three in one run.\n\n"
        f"- machine: {machine()}\n"
        f"- date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {seconds / len(results):.0f} s a run\n"
        f"- commit: {commit()}\n"
        f"- {sums['devices']:,} devices, {sums['submits']:,} accepted submits, "
        f"{sums['requests']:,} requests, {sums['faults']:,} of them with a fault\n"
        f"{_sent(results, sums)}\n"
        f"{figures}\n\n{said}\n"
    )
    write_section("Campaign", text)


if __name__ == "__main__":
    sys.exit(main())
