"""Changes of a tenant's prerequisites, made and taken back by processes that are killed."""

import json
import random
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.campaign.case import Case, StuckError
from tests.worker.installation import write_list

#: Two settings of the tenant, a policy that is not there yet, and what each account lacks.
TENANT = """
trusted_ips = []
[tenant]
bulk_sign_in = "Disabled"
[lag]
policy = 40
bulk = 60
[[calling_policies]]
name = "SIPDevices"
absent = true
[[accounts]]
match = "*"
sip_calling = false
"""
_ADDRESS = ("--public-ip", "203.0.113.0/28")
_ATTEMPTS = 10


def fixes_killed(case: Case, rng: random.Random) -> list[str]:
    """Fix until all is done, then undo each change, all of it with kills.

    Returns what is not as it must be.
    """
    write_list(case.list_file, range(3), lambda _: "EMEA")
    before = _failing(case)
    if not before:
        return ["the tenant lacks nothing to begin with"]
    _repeat(case, rng, "fix", str(case.list_file), *_ADDRESS)
    after = _failing(case)
    found = [f"not mended: {check}" for check in _FIXABLE & after]
    for change in reversed(_record(case)):
        if change["step"] not in _CLEAN:
            _repeat(case, rng, "fix", "--undo", change["id"], undo=change)
    found += [
        f"not taken back: {change['id']} is {change['step']}"
        for change in _record(case)
        if change["step"] not in (*_CLEAN, *_NOT_KNOWN)
    ]
    if (left := _failing(case)) != before:
        found.append(f"other than before: {before ^ left}")
    return found


_CLEAN = ("undone", "failed")
#: Killed before the answer came: refused for a quarter of an hour where it is not read as there.
_NOT_KNOWN = ("intended", "in_doubt")
_FIXABLE = {"bulk_sign_in", "trusted_ip", "calling_policy"}


def _repeat(
    case: Case, rng: random.Random, *words: str, undo: dict[str, Any] | None = None
) -> None:
    """A command, killed at random moments, until it has ended by itself with success.

    An `undo` is also over when the record has the change as undone, or when it is refused for one
    that was not known to be made.
    """
    for attempt in range(_ATTEMPTS):
        if undo and "undone" in {c["step"] for c in _record(case) if c["id"] == undo["id"]}:
            return
        process = case.begin(*words, "--yes", "--json")
        if attempt < _ATTEMPTS // 2 and rng.random() < 0.7:
            _kill_behind(case, process, rng.randint(1, 12))
            process.wait()
            continue
        ended = case.end(process) == 0
        refused = '"cannot_undo"' in case.printed(process)
        if ended or (refused and undo and undo["step"] in _NOT_KNOWN):
            return
    raise StuckError(f"`siptui {' '.join(words)}` never ended with success")


def _kill_behind(case: Case, process: "subprocess.Popen[str]", lines: int) -> None:
    """Kill a process right behind so many further lines of the record."""
    record = case.journal.with_name("fixes.jsonl")
    size = _lines(record)
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        if _lines(record) >= size + lines:
            process.kill()
            case.counts["SIGKILL"] += 1
            return
        time.sleep(0.002)


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def _failing(case: Case) -> set[str]:
    """The checks that fail."""
    told = json.loads(case.output("preflight", str(case.list_file), *_ADDRESS, "--json"))
    findings = [*told["tenant"], *(f for a in told["accounts"] for f in a["findings"])]
    return {finding["check"] for finding in findings if finding["result"] == "fail"}


def _record(case: Case) -> list[dict[str, Any]]:
    """The changes, oldest first."""
    changes: list[dict[str, Any]] = json.loads(case.output("fix", "--history", "--json"))["changes"]
    return changes[::-1]
