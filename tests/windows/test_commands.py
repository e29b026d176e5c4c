"""The commands of the first use, in order, and all others; text in every code page."""

import csv
import json
import re
from pathlib import Path

import pytest

from tests.windows.conftest import Tenant
from tests.windows.in_one_process import Said, ran

_GUID = "00000000-0000-0000-0000-000000000001"
_PHONES = 6
#: Letters that no code page here has all of, one of two cells, one of none, one right to left.
_ODD = ("Łódź", "東京", "Zoë", "Go\u0308teborg", "🎉 Halle", "חיפה", "“quoted”")
#: What `chcp` says, by the code page of the output of commands.
_PAGES = ("cp437", "cp850", "cp1252", "utf-8")
_WITH_JSON = {
    (name,)
    for name in (
        *("check", "status", "preflight", "fix", "run", "runs", "report", "show", "overview"),
        *("attach", "pause", "stop", "resume", "retry", "urls", "batches", "batch", "profiles"),
        *("prune", "auth", "info", "doctor"),
    )
}


@pytest.fixture(scope="module")
def phones(tenant: Tenant) -> Path:
    """The tenant's phones in a list with odd names in it."""
    with tenant.list.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    path = tenant.folder / "Liste “Łódź”.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*head, "Site"])
        for number, row in enumerate(rows[:_PHONES]):
            writer.writerow([*row, _ODD[number % len(_ODD)]])
        name, *rest = rows[_PHONES]
        writer.writerow([f"żółw.{name}", *rest, "東京"])
    return path


@pytest.fixture(scope="module")
def used(tenant: Tenant, phones: Path) -> list[Said]:
    """What the commands of the first use said, with a code page of the OEM kind."""
    path, region = str(phones), ("--region", "EMEA")
    commands = [
        ("check", path, *region),
        ("auth", "login", "--store", "file"),
        ("doctor",),
        ("preflight", path, *region),
        ("fix", path, *region, "--yes"),
        ("run", path, *region, "--dry-run"),
        ("run", path, *region, "--yes", "--plan-to", str(tenant.folder / "plan ż.json")),
        ("run", path, *region, "--yes"),
        ("batches", "--json"),
    ]
    return ran(commands, tenant.folder, {**tenant.env, "PYTHONIOENCODING": "cp437"})


def test_the_commands_of_the_first_use(used: list[Said]) -> None:
    codes = {said.args[0]: said.code for said in used}
    said = "\n".join(f"{one.args[0]}: {one.code} {one.out!r} {one.err!r}" for one in used)
    assert codes["auth"] == 0, said
    assert codes["check"] == 0, said
    assert codes["doctor"] == 0, said
    assert codes["batches"] == 0, said
    assert codes["run"] == 0, said
    _nothing_failed(used, "cp437")


@pytest.mark.parametrize("page", _PAGES)
def test_all_commands_say_all_in_every_code_page(
    tenant: Tenant, used: list[Said], phones: Path, page: str, tmp_path: Path
) -> None:
    batch = json.loads(used[-1].out)["batches"][0]["batch_id"]
    env = {**tenant.env, "PYTHONIOENCODING": page}
    commands = _all(phones, batch, tmp_path)
    if page == "cp437":  # JSON is the same with all of them
        commands = [*((*args, "--json") for args in commands if args[:1] in _WITH_JSON), *commands]
    found = ran(commands, tmp_path, env, file=page == "cp1252")
    _nothing_failed(found, page)
    if page == "utf-8":  # where it can be
        assert "Łódź" in _of(found, "check", str(phones)).out.decode()
        assert "żółw" in _of(found, "export", "@last").out.decode()


def _all(phones: Path, batch: str, folder: Path) -> list[tuple[str, ...]]:
    path, region = str(phones), ("--region", "EMEA")
    return [
        ("check", path, *region),
        ("status", path, *region),
        ("preflight", path, *region),
        ("fix", path, *region, "--dry-run"),
        ("run", path, *region, "--dry-run"),
        ("runs",),
        ("report", path),
        ("show", "@last"),
        ("overview",),
        ("attach", "@last"),
        ("pause", "@last"),
        ("stop", "@last"),
        ("resume", "@last"),
        ("retry", "@last"),
        ("urls", "--tenant", _GUID),
        ("batches",),
        ("batch", batch),
        ("profiles",),
        ("prune",),
        ("backup", str(folder / "Sicherung ż.db")),
        ("auth", "status"),
        ("info",),
        ("info", "--hosts"),
        ("info", "--data"),
        ("doctor",),
        ("check", str(folder / "Łódź 東京.csv")),
        (),
        (path,),
        ("demo",),
        ("handover", "@last", "-o", str(folder / "Übergabe 東京")),
        ("export", "@last"),
        ("export", "@last", "-o", str(folder / "Ergebnis Łódź.md")),
        ("export", "@last", "--into", str(folder / "Kopie Łódź.csv")),
        ("forget", "@last", "--dry-run"),
        ("help",),
        *(("help", topic) for topic in ("list", "run", "keys", "windows", "over-ssh", "json")),
        ("żółw",),
        ("run", "--żółw"),
        ("restore", str(folder / "Sicherung ż.db")),
    ]


def _of(found: list[Said], *args: str) -> Said:
    return next(one for one in found if one.args[: len(args)] == args)


def _as_json(text: str) -> None:
    """One object in several lines, or an object a line."""
    try:
        json.loads(text)
    except json.JSONDecodeError:
        for line in text.splitlines():
            json.loads(line)


def _nothing_failed(found: list[Said], page: str) -> None:
    for one in found:
        assert b"Traceback" not in one.err, one
        assert b"fault of siptui" not in one.err, one
        assert b"UnicodeEncodeError" not in one.out + one.err, one
        one.err.decode(page)
        if "--json" in one.args:
            _as_json(one.out.decode())
        elif one.args[:1] not in (("export",),):  # which is as a file would be
            one.out.decode(page)
        assert not re.search(rb"\x1b\[", one.out), one
