"""Plan files that were changed by hand, in any byte or any field."""

import json
import random
from pathlib import Path
from typing import Any

from siptui.cli.plan_file import PlanError, PlanFile, read_plan, write_plan
from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.user_name import UserName
from siptui.runs.events import Actor, Options
from tests.fuzz.damage import Damage, steers

_DEVICES = [
    Device(
        line,
        UserName.read(f"room{line}@contoso.example"),
        HardwareId.parse(f"00-04-F2-00-00-0{line}"),
        Region.EMEA if line % 2 else Region.NOAM,
        {"Site": ("Bonn", "Ulm")[line % 2]},
    )
    for line in range(2, 7)
]
_OPTIONS = Options(batch_size=2, by="Site", first=1)


def write(path: Path) -> bytes:
    """A whole plan of five phones at `path`; its text."""
    write_plan(
        path,
        _DEVICES,
        _OPTIONS,
        tenant="contoso.example",
        file="list.csv",
        sha256="0" * 64,
        skipped=1,
        by=Actor(account="a@contoso.example", os_user="a", host="h"),
        findings=["Planned with care."],
        columns={"username": "UPN"},
        estimate={"end": "2026-03-02T08:00:00Z", "seconds": 600.0},
        force=True,
    )
    return path.read_bytes()


def read_or_refused(path: Path, data: bytes) -> PlanFile | None:
    """The plan that `data` is, or nothing where it is refused in words."""
    path.write_bytes(data)
    path.chmod(0o600)
    try:
        return read_plan(path)
    except PlanError as error:
        refused = f"{error.message}{error.remedy}"
    assert not steers(refused), refused
    assert len(refused) < 5_000
    return None


def every_field(body: Any) -> list[Any]:
    """`body` with one field or item changed, left out or added, once for each there is."""
    found: list[Any] = []
    if isinstance(body, dict):
        for name, value in body.items():
            found += [{**body, name: other} for other in every_field(value)]
            found.append({key: rest for key, rest in body.items() if key != name})
        found.append({**body, "more": 1})
    elif isinstance(body, list):
        for at, value in enumerate(body):
            found += [[*body[:at], other, *body[at + 1 :]] for other in every_field(value)]
            found.append([*body[:at], *body[at + 1 :]])
        found += [[*body, body[-1]], body[::-1]] if len(body) > 1 else [[*body, *body]]
    elif isinstance(body, bool):
        found.append(not body)
    elif isinstance(body, int | float):
        found += [body + 1, -body - 1, str(body)]
    else:
        found += [f"{body}x", body[1:] if body else "y", body.upper() + "_", None]
    return [other for other in found if other != body]


def attack(folder: Path, rnd: random.Random, number: int) -> bool:
    """One plan, damaged; whether it was read. What is read says what was planned, to the letter."""
    path = folder / "plan.json"
    good = write(path)
    body = json.loads(good)
    if rnd.random() < 0.5:
        data = bytearray(good)
        for _ in range(rnd.randrange(3)):
            at = rnd.randrange(len(data))
            data[at : at + rnd.randrange(3)] = rnd.randbytes(rnd.randrange(3))
        sent = bytes(data)
    else:
        names = ("schema", "tenant", "digest", "batches", "devices", "options", "x", "\x1b[2J")
        changed = Damage(names).damaged(body, rnd) if rnd.random() < 0.8 else body
        if rnd.random() < 0.05:
            changed = {**body, "findings": json.loads("[" * 600 + "]" * 600)}
        sent = json.dumps(changed, indent=rnd.choice((None, 1, 4))).encode()
    found = read_or_refused(path, sent)
    if found is not None:
        assert json.loads(sent) == body, sent
        assert found.devices == tuple(_DEVICES)
    return found is not None
