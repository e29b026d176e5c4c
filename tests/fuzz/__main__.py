"""Input that means no good, for as long as one likes: `python -m tests.fuzz TARGET COUNT`.

Each input follows from the seed and its number alone, so that a failure is found again with
`--seed` and `--from`. Prints how many were understood; a fault ends it with a trace.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.fuzz import (
    answers,
    archives,
    bombs,
    edits,
    files,
    filled,
    findings,
    journals,
    lists,
    oldbooks,
    plans,
    typed,
    workbooks,
)

Attack = Callable[[Path, random.Random, int], bool]
TARGETS: dict[str, Attack] = {
    "lists": lists.attack,
    "answers": answers.attack,
    "findings": findings.attack,
    "config": files.attack_config,
    "themes": files.attack_theme,
    "workbooks": workbooks.attack,
    "archives": archives.attack,
    "bombs": bombs.attack,
    "oldbooks": oldbooks.attack,
    "filled": filled.attack,
    "typed": typed.attack,
    "plans": plans.attack,
    "journals": journals.attack,
    "edits": edits.attack,
}


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="first", type=int, default=0, metavar="NUMBER")
    chosen = parser.parse_args()
    attack, understood, began = TARGETS[chosen.target], 0, time.monotonic()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        for number in range(chosen.first, chosen.first + chosen.count):
            try:
                understood += attack(Path(name), random.Random(f"{chosen.seed}-{number}"), number)
            except BaseException:
                print(f"number {number} of seed {chosen.seed}", file=sys.stderr)
                raise
    seconds = time.monotonic() - began
    print(f"{chosen.count:,} {chosen.target}, {understood:,} understood, no fault, {seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
