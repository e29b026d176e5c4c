"""Every figure in one table: `python -m tests.benchmarks [NAME …] [--no-write]`.

Ratios are measured side by side in one run. Without names the table is also written into
RESULTS.md beside this file, with the machine, the date and the commit.
"""

import argparse
import importlib
import os
import pkgutil
import platform
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import tests.benchmarks
from tests.benchmarks.figure import HEAD, Figure, Figures, line, table
from tests.benchmarks.results import write_section

_HERE = Path(__file__).parent


def modules() -> dict[str, Figures]:
    """The modules that measure, by name."""
    found: dict[str, Figures] = {}
    for module in pkgutil.iter_modules(tests.benchmarks.__path__):
        if module.name.startswith(("console_", "measure_")):
            loaded = importlib.import_module(f"tests.benchmarks.{module.name}")
            found[module.name.partition("_")[2]] = loaded.figures
    return found


def main() -> int:
    """Measure, print, write."""
    # What is installed is compiled, and each process that is measured would compile it anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    available = modules()
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(available))
    parser.add_argument("--no-write", action="store_true", help="leave RESULTS.md as it is")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(available):
        parser.error(
            f"no such figures: {', '.join(sorted(unknown))}; there are {sorted(available)}"
        )
    print(HEAD, flush=True)
    measured: list[Figure] = []
    began = time.monotonic()
    for name, figures in available.items():
        if chosen.names and name not in chosen.names:
            continue
        for figure in _told(name, figures):
            measured.append(figure)
            print(line(figure), flush=True)
    if not chosen.names and not chosen.no_write:
        write_section("Measured", _page(measured, time.monotonic() - began))
    return int(any(figure.reached is False for figure in measured))


def _told(name: str, figures: Figures) -> Iterator[Figure]:
    """The figures of a part; one that cannot be measured does not take the others with it."""
    try:
        yield from figures()
    except Exception as error:
        traceback.print_exc()
        yield Figure(f"{name}: not measured", type(error).__name__, reached=False)


def _page(measured: list[Figure], seconds: float) -> str:
    missed = [figure.name for figure in measured if figure.reached is False]
    told = "Every aim is reached." if not missed else f"Not reached: {'; '.join(missed)}."
    return (
        "Written by `python -m tests.benchmarks`. Ratios are of one run, side by side; plain\n"
        "times are of this machine only.\n\n"
        f"- machine: {machine()}\n"
        f"- date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {seconds:.0f} s\n"
        f"- commit: {commit()}\n\n"
        f"{table(measured)}\n\n{told}\n"
    )


def machine() -> str:
    """What is measured on."""
    cores = os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = f"Python {platform.python_version()}"
    return f"{platform.system()} {platform.machine()}, {cores} cores, {memory:.0f} GiB, {python}"


def commit() -> str:
    """What is measured."""

    def git(*words: str) -> str:
        answer = subprocess.run(
            ("git", *words), cwd=_HERE, capture_output=True, text=True, check=False
        )
        return answer.stdout.strip()

    changed = " and changes on top" if git("status", "--porcelain", "siptui", "themes") else ""
    return (git("rev-parse", "--short", "HEAD") or "unknown") + changed


if __name__ == "__main__":
    sys.exit(main())
