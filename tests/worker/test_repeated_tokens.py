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


_SLASHED = "t0k3n-with/slash+and=more"
_ECHO = 'kind = "echo"\ncall = '
_REFUSED = f'{_ECHO}"createbatch"'
_FAILED = f'{_ECHO}"createbatch"\nstatus = 503\ntimes = 1'
_DENIED = f'{_ECHO}"batchstatus"\nstatus = 403\ntimes = 2'
_DEVICE = 'kind = "odd"\ncall = "batchstatus"\nplace = "{place}"\nput = {put}'


@pytest.mark.parametrize(
    ("fault", "seen", "token"),
    [  # each form of a token in the answer to a call, and in what a device says
        (_REFUSED, "Invalid request headers", TOKEN),
        (_FAILED, "Invalid request headers", _SLASHED),
        (_DENIED, "Invalid request headers", _JWT),
        *((_DEVICE, "Refused", token) for token in (TOKEN, _JWT, _SLASHED)),
    ],
    ids=["refused", "failed", "denied", "device", "device-jwt", "device-slashed"],
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
