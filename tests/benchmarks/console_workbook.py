"""A workbook of 10,000 rows to the first frame with its rows, against reading it and no more."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.console_start import CONFIG
from tests.benchmarks.figure import Figure, ratio
from tests.benchmarks.measure_lists import BARE, IN_A_WORKBOOK, write_workbook
from tests.benchmarks.screen import Screen

_ROUNDS = 5


def figures() -> Iterator[Figure]:
    """`siptui FILE.xlsx` on a real pty, turn by turn with a process that reads it by polars."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.toml").write_text(CONFIG)
        phones = folder / "phones.xlsx"
        write_workbook(phones, IN_A_WORKBOOK)
        environ = {"SIPTUI_CONFIG_DIR": name, "SIPTUI_STATE_DIR": str(folder / "state")}
        command = (sys.executable, "-m", "siptui", str(phones), "--region", "EMEA")
        bare = (sys.executable, "-c", BARE, str(phones), str(IN_A_WORKBOOK))
        ours, theirs = [], []
        for turn in range(_ROUNDS + 1):
            began = time.monotonic()
            subprocess.run(bare, check=True)
            took = time.monotonic() - began
            with Screen(command, environ=environ) as screen:
                shown = screen.until("room11@contoso")
            if turn:  # the first warms the disk's cache
                theirs.append(took)
                ours.append(shown)
    best, beside = min(ours), min(theirs)
    yield ratio(
        f"{IN_A_WORKBOOK:,} rows of .xlsx to the first frame with them",
        f"{best:.2f} s",
        f"a process with bare `polars.read_excel`, {beside:.2f} s",
        best / beside,
        2.5,
    )
