"""Whole processes, timed in turn so that what else the computer does hits all alike."""

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of several runs: `least` of them, in the middle, and the processor's least."""

    least: float
    median: float
    processor: float


def timed(
    commands: Sequence[Sequence[str]], *, rounds: int, environ: Mapping[str, str] | None = None
) -> list[Times]:
    """Run each of the commands `rounds` times, turn by turn; raises when one of them fails.

    Processor time counts that of the processes they started.
    """
    wall: list[list[float]] = [[] for _ in commands]
    cpu: list[list[float]] = [[] for _ in commands]
    env = {**os.environ, **(environ or {})}
    for turn in range(rounds + 1):
        for place, command in enumerate(commands):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            began = time.perf_counter()
            done = subprocess.run(command, capture_output=True, check=False, env=env)
            took = time.perf_counter() - began
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if done.returncode:
                raise RuntimeError(f"{command} failed: {done.stderr.decode(errors='replace')}")
            if turn:  # the first warms the disk's cache and the byte code
                wall[place].append(took)
                cpu[place].append(
                    after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                )
    return [Times(min(w), statistics.median(w), min(c)) for w, c in zip(wall, cpu, strict=True)]
