"""Device lists as people have them, and as nobody should."""

import random
from pathlib import Path

from siptui.devicelist import DeviceList, ListError, read
from siptui.devicelist.writing import BLOCK, LIST
from siptui.domain.region import Region
from siptui.domain.text import visible
from tests.devicelist.support import strings

PIECES = [
    *('"', '""', "\n", "\r\n", "\r", ",", ";", "\t", "|", "'", "=", '="', "+", "-", "@", " "),
    *("\xa0", "\u200b", "\x00", "\x1b[2J", "\x9b", "\u202e", "ä", "é", "😀", "\ufeff", "\x1f"),
    *("\x85", "\x0c", "\u2028", "SEP", "ATA", ":001", ":000", ":7", "0", "F", "O", "l", ".", ":"),
    *("4.13E+11", "sep=;\n", "#TYPE x\n", "APAC", "emea", "MP118", "2025-02-30", "succeeded"),
    *("Username", "[/b]", "x" * 300),
]
HEADERS = [
    ["Username", "HardwareId"],
    ["UPN", "MAC", "Region", "Site"],
    ["Site", "HardwareId", "Username", "Model", "OnboardedAt"],
    [*LIST, *BLOCK, "Site"],
]
ENCODINGS = ["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"]


def some_list(rnd: random.Random) -> str:
    mark, quote = rnd.choice(",;\t|"), rnd.choice(["", '"'])
    header = rnd.choice(HEADERS)
    rows = [header]
    for number in range(rnd.randrange(6)):
        mac = f"0004F28{rnd.randrange(16**5):05x}"
        by_two, by_four = ([mac[i : i + size] for i in range(0, 12, size)] for size in (2, 4))
        forms = [
            mac,
            "-".join(by_two),
            ":".join(by_two),
            ".".join(by_four),
            mac[:6] + "-" + mac[6:],
        ]
        shown = rnd.choice([*forms, "SEP" + mac, "-".join(by_two) + ":002"])
        row = {
            "Region": rnd.choice(["", "EMEA", "apac "]),
            "Site": rnd.choice(["HQ", "", "a b", "Ümlaut"]),
            "Model": rnd.choice(["", "MP-118", "VVX"]),
            "OnboardedAt": rnd.choice(["", "2025-03-01", "x"]),
            "State": rnd.choice(["failed", "succeeded"]),
        }
        row["Username"] = row["UPN"] = f"phone{number}@contoso.com"
        row["HardwareId"] = row["MAC"] = shown
        rows.append([row.get(name, "") for name in header])
    return rnd.choice(["\n", "\r\n"]).join(
        mark.join(f"{quote}{cell}{quote}" for cell in row) + (mark if rnd.random() < 0.1 else "")
        for row in rows
    )


ABOVE = [
    "Phones of Berlin",
    "# exported",
    "version:v1.0,,,",
    ",,,",
    "",
    "sep=;",
    "#TYPE x",
    "Account,,Phone",
]
BELOW = ["Total,3", "#spare@contoso.com,0004F28124B3", "", ",,", "\x1a", "Example: a@c.de"]


def surrounded(text: str, rnd: random.Random) -> str:
    """`text` with what stands above and below lists of the field."""
    above = [rnd.choice(ABOVE) for _ in range(rnd.choice([0, 0, 1, 3, 40]))]
    below = [rnd.choice(BELOW) for _ in range(rnd.choice([0, 0, 1, 3]))]
    return "\n".join([*above, text, *below])


def mutated(text: str, rnd: random.Random) -> str:
    for _ in range(rnd.randrange(6)):
        at, kind = rnd.randrange(len(text) + 1), rnd.random()
        if kind < 0.5:
            text = text[:at] + rnd.choice(PIECES) + text[at:]
        elif kind < 0.75:
            text = text[:at] + text[at + rnd.randrange(1, 6) :]
        else:
            start = rnd.randrange(len(text) + 1)
            text = text[:at] + text[start : start + 40] + text[at:]
    return text


def damaged(data: bytes, rnd: random.Random) -> bytes:
    if rnd.random() < 0.2 and data:
        at = rnd.randrange(len(data))
        data = data[:at] + rnd.randbytes(rnd.randrange(3)) + data[at + rnd.randrange(3) :]
    return data


def outcome(path: Path, region: Region | None) -> DeviceList | tuple[str, str]:
    """What reading comes to: a list, or the code and the words of the refusal."""
    try:
        return read(path, region=region)
    except ListError as error:
        return error.code, error.message


def attack(folder: Path, rnd: random.Random, number: int) -> bool:
    """One list, made at random and then damaged; whether it was read as a list.

    Raises `AssertionError` when what was read could steer a terminal, a row is counted twice, or
    a row with a fault would be submitted; whatever else reading raises is a fault as well.
    """
    data = damaged(
        mutated(surrounded(some_list(rnd), rnd), rnd).encode(rnd.choice(ENCODINGS), "replace"), rnd
    )
    path = folder / "list.csv"
    path.write_bytes(data)
    region = rnd.choice([None, Region.EMEA])
    found = outcome(path, region)
    if isinstance(found, DeviceList):
        _checked(found, data)
    return isinstance(found, DeviceList)


def _checked(found: DeviceList, data: bytes) -> None:
    for value in strings(found):
        assert visible(value) == value, data
    rows = [row.line for row in found.invalid] + [d.line for d in found.devices]
    assert len(set(rows)) == len(rows), data
    errors = {fault.line for fault in found.faults if fault.severity == "error"}
    assert errors.issuperset(row.line for row in found.invalid), data
    assert errors.isdisjoint(d.line for d in found.devices), data
