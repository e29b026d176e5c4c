"""A service that repeats the request's token in its texts: it is nowhere to be read."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.installation import TOKEN, Installation, installed, write_list

_JWT = "eyJhbGciOiJSUzI1NiJ9.eyJ0aWQiOiJ4In0.c2lnbmF0dXJl"


def _read(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


def _told(installation: Installation, folder: Path, token: str) -> str:
    """All that a run of three phones says and writes."""
    phones = write_list(folder / "phones.csv", range(3))
    env = {"SIPTUI_ACCESS_TOKEN": token}
    options = ("--region", "EMEA", "--settle", "5", "--yes", "--json")
    said = [
        installation.run("run", str(phones), *options, **env).output,
        installation.run("batches", **env).output,
        installation.run("doctor", "--bundle", str(folder / "bundle.zip"), **env).output,
    ]
    (run,) = installation.runs()
    forms = ("csv", "json", "md")
    said += [installation.run("export", run, "--format", form, **env).output for form in forms]
    return "\n".join(said)


@pytest.mark.parametrize("token", [TOKEN, _JWT, "t0k3n-with/slash+and=more"])
@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ('kind = "echo"\ncall = "createbatch"', "Invalid request headers"),
        ('kind = "echo"\ncall = "createbatch"\nstatus = 503\ntimes = 1', "Invalid request headers"),
        ('kind = "echo"\ncall = "batchstatus"\nstatus = 403\ntimes = 2', "Invalid request headers"),
        ('kind = "odd"\ncall = "batchstatus"\nplace = "{place}"\nput = {put}', "Refused"),
    ],
    ids=["refused", "failed", "denied", "device"],
)
def test_no_text_of_a_service_brings_the_token_back(
    tmp_path: Path, fault: str, seen: str, token: str
) -> None:
    text = json.dumps(json.dumps(f"Refused. Headers: Authorization: Bearer {token}; {token}"))
    place = "batchItems.0.error"
    # What a running device says is read from two seconds on; these work for some minutes.
    timing = "[timing]\ndevice = [900, 1200]\n" if "{place}" in fault else ""
    scenario = f"{timing}[[faults]]\n{fault.replace('{place}', place).replace('{put}', text)}\n"
    with installed(tmp_path / "siptui", scenario) as installation:
        said = _told(installation, tmp_path, token)
        assert token not in said
        assert token[:12] not in said
        assert seen in said
        files = itertools.chain(_read(tmp_path / "siptui" / "state"), _read(tmp_path))
        assert not [path for path, content in files if token.encode() in content]
