"""Mutation testing of the modules that decide what is sent: `python -m tests.mutation [MODULE …]`.

Each module of `targets.toml` is changed in one small way after the other; a test of its files must
fail. Changes that make no difference stand in `equivalent.toml`, each with its reason. Prints a
line a module, each survivor that is not listed, and each entry that a test tells apart by now (or
whose code is gone). Exit code 1 if there are any. Not part of CI: it takes three quarters of an
hour.

There is a driver of our own since those that exist did not fit: cosmic-ray starts a process of
pytest for each mutant, seconds where the tests take milliseconds; mutmut leaves values of modules
out (what states a batch may be given up in), has no way to name an equivalent change that outlives
the next edit, and wants a newer click than siptui does.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.operators import plain
from tests.mutation.session import Result, read_results

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
HEAD = "| module | mutants | killed | equivalent | left | seconds |\n|" + " --- |" * 6


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A change of a function that makes no difference, and `why`. The change `*` means whatever
    is changed in the function."""

    module: str
    function: str
    change: str
    why: str

    def covers(self, result: Result) -> bool:
        """Whether it is about this mutant."""
        return self.function == result.function and self.change in ("*", result.change)


def targets() -> dict[str, list[str]]:
    """The modules, and the files with the tests that hold the rules of each."""
    found = tomllib.loads((_HERE / "targets.toml").read_text(encoding="utf-8"))
    return {name: [str(test) for test in tests] for name, tests in found.items()}


def equivalents() -> list[Equivalent]:
    """What stands in `equivalent.toml`."""
    found = tomllib.loads((_HERE / "equivalent.toml").read_text(encoding="utf-8"))
    return [
        Equivalent(module, function, plain(change), why)
        for module, functions in found.items()
        for function, changes in functions.items()
        for change, why in changes.items()
    ]


def tried(module: str, tests: Sequence[str], functions: Sequence[str] = ()) -> list[Result]:
    """The results of all mutants of `module`. Raises `RuntimeError` where its tests fail."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "results"
        command = [sys.executable, "-m", "tests.mutation.one_module", module, str(out)]
        ended = subprocess.run(
            [*command, ",".join(functions), *tests],
            cwd=_ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if ended.returncode not in (0, 5) or not out.exists():
            raise RuntimeError(f"{module}: {ended.stdout[-4000:]}")
        return read_results(out)


def judged(
    module: str, results: Sequence[Result], listed: Sequence[Equivalent], *, whole: bool = True
) -> Iterator[str]:
    """What is wrong: survivors that are not listed, and what is listed but is no survivor."""
    for result in results:
        if not result.killed and not any(one.covers(result) for one in listed):
            where = f"{result.function or 'the module'}, line {result.line}"
            tests = f"{result.tests} tests execute it" if result.tests else "no test executes it"
            yield f"survived: {module}: {where}: {result.change} ({tests})"
    for one in listed if whole else ():
        about = [result for result in results if one.covers(result)]
        if not about:
            yield f"listed, but not there: {module}: {one.function}: {one.change}"
        elif all(result.killed for result in about):
            yield f"listed, but told apart: {module}: {one.function}: {one.change}"


def main() -> int:
    """Run it."""
    available = targets()
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help="by their names, or the ends of them; or all"
    )
    parser.add_argument(
        "--function", action="append", default=[], metavar="NAME", help="this one alone; repeats"
    )
    parser.add_argument("-j", "--jobs", type=int, default=1, help="modules at a time")
    chosen = parser.parse_args()
    names = [n for n in available if not chosen.modules or n.endswith(tuple(chosen.modules))]
    if not names:
        parser.error(f"no such module; there are {', '.join(available)}")
    if hasattr(os, "nice"):
        os.nice(15)
    listed = equivalents()
    print(HEAD, flush=True)

    def one(name: str) -> bool:
        """Whether anything is wrong with the module."""
        began = time.monotonic()
        try:
            results = tried(name, available[name], chosen.function)
        except RuntimeError as error:
            print(f"not tried: {error}", flush=True)
            return True
        mine = [e for e in listed if e.module == name]
        killed = sum(r.killed for r in results)
        excused = sum(not r.killed and any(e.covers(r) for e in mine) for r in results)
        counts = f"{len(results)} | {killed} | {excused} | {len(results) - killed - excused}"
        found = judged(name, results, mine, whole=not chosen.function)
        row = f"| {name} | {counts} | {time.monotonic() - began:.0f} |"
        print("\n".join(lines := [row, *found]), flush=True)
        return len(lines) > 1

    with ThreadPoolExecutor(chosen.jobs) as pool:
        return int(any(list(pool.map(one, names))))


if __name__ == "__main__":
    sys.exit(main())
