"""100,000 rows read, normalised and validated, as whole processes."""

import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figure import Figure, ratio
from tests.benchmarks.processes import timed
from tests.support.workbooks import xlsx

ROWS = 100_000
IN_A_WORKBOOK = 10_000

_OURS = """
import sys
from pathlib import Path
from siptui.devicelist import read
from siptui.domain.region import Region
found = read(Path(sys.argv[1]), region=Region.EMEA)
assert len(found.devices) == int(sys.argv[2]), len(found.devices)
"""
BARE = """
import sys
import polars
assert polars.read_excel(sys.argv[1]).height == int(sys.argv[2])
"""
#: What somebody writes who has no siptui: one loop, the same rules as far as they go.
_LOOP = r"""
import csv
import re
import sys
mac = re.compile(r"(?:SEP|ATA)?([0-9A-Fa-f]{2})[-:.]?([0-9A-Fa-f]{2})[-:.]?([0-9A-Fa-f]{2})[-:.]?"
                 r"([0-9A-Fa-f]{2})[-:.]?([0-9A-Fa-f]{2})[-:.]?([0-9A-Fa-f]{2})(:\d{3})?")
user = re.compile(r"[^@\s\x00-\x1f]+@[^@\s.]+(?:\.[^@\s.]+)+")
devices, seen, users = [], set(), {}
with open(sys.argv[1], newline="", encoding="utf-8-sig") as file:
    for line, row in enumerate(csv.DictReader(file), 2):
        name, found = row["Username"].strip(), mac.fullmatch(row["HardwareId"].strip())
        if found is None or not user.fullmatch(name):
            continue
        device = "-".join(found.groups()[:6]).upper() + (found.group(7) or "")
        if device in seen:
            continue
        seen.add(device)
        users.setdefault(name.casefold(), []).append(line)
        devices.append((line, name, device, "EMEA", row["Site"]))
assert len(devices) == int(sys.argv[2])
"""


def write_list(path: Path, rows: int) -> None:
    """A list of `rows` phones, their hardware ids in the forms that people have."""
    rng = random.Random(7)
    with path.open("w", encoding="utf-8") as file:
        file.write("Username,HardwareId,Site\n")
        for n in range(rows):
            digits = f"0004F2{n:06X}"
            pairs = [digits[i : i + 2] for i in range(0, 12, 2)]
            form = rng.choice(("-".join(pairs), ":".join(pairs).lower(), digits))
            file.write(f"room{n}@contoso.example,{form},Site {n % 40}\n")


def write_workbook(path: Path, rows: int) -> None:
    """A workbook with a list of `rows` phones."""
    head = ["Username", "HardwareId", "Region", "Site", "Model"]
    body = [
        [f"room{n}@contoso.example", f"0004F2{n:06X}", "EMEA", f"Site {n % 40}", "T46U"]
        for n in range(rows)
    ]
    path.write_bytes(xlsx({"Phones": [head, *body]}, shared=True))


def figures() -> Iterator[Figure]:
    """Beside a loop that checks less, and beside a reader of workbooks that checks nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "phones.csv"
        write_list(path, ROWS)
        arguments = (str(path), str(ROWS))
        ours, loop = timed(
            [(sys.executable, "-c", code, *arguments) for code in (_OURS, _LOOP)], rounds=7
        )
    name = f"{ROWS:,} rows read, normalised, validated, processor"
    value, beside = f"{ours.processor:.2f} s", f"csv + re loop, {loop.processor:.2f} s"
    yield ratio(name, value, beside, ours.processor / loop.processor, 6)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "phones.xlsx"
        write_workbook(path, IN_A_WORKBOOK)
        arguments = (str(path), str(IN_A_WORKBOOK))
        ours, bare = timed(
            [(sys.executable, "-c", code, *arguments) for code in (_OURS, BARE)], rounds=7
        )
    name = f"{IN_A_WORKBOOK:,} rows of .xlsx read and validated, processor"
    beside = f"bare `polars.read_excel`, {bare.processor:.2f} s"
    value, times = f"{ours.processor:.2f} s", ours.processor / bare.processor
    yield ratio(name, value, beside, times, 2.5)
