"""What commands that open no connection take of the processor, beside a bare interpreter."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figure import Figure, ratio
from tests.benchmarks.processes import timed

_LIST = "Username,HardwareId\n" + "".join(
    f"room{n}@contoso.example,00-04-F2-00-00-0{n}\n" for n in range(3)
)


def figures() -> Iterator[Figure]:
    """`--help`, `urls` and `check` of three rows."""
    siptui = (sys.executable, "-m", "siptui")
    with tempfile.TemporaryDirectory() as folder:
        phones = Path(folder) / "phones.csv"
        phones.write_text(_LIST)
        environ = {"SIPTUI_CONFIG_DIR": folder, "SIPTUI_STATE_DIR": folder}
        bare, help_, urls, check = timed(
            (
                (sys.executable, "-c", "pass"),
                (*siptui, "--help"),
                (*siptui, "urls"),
                (*siptui, "check", str(phones), "--region", "EMEA"),
            ),
            rounds=15,
            environ=environ,
        )
    beside = f"`python -c pass`, {1e3 * bare.processor:.0f} ms"
    for name, times, at_most in (
        ("`siptui --help`", help_, 8),
        ("`siptui urls`", urls, 10),
        ("`siptui check` of 3 rows", check, 10),
    ):
        value = f"{1e3 * times.processor:.0f} ms"
        yield ratio(f"{name}, processor", value, beside, times.processor / bare.processor, at_most)
