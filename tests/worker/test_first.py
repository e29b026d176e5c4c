"""One whole run with canaries in it: no token, code or secret in any file, log, journal, bundle,
recording, screen or list of processes, the token store excepted."""

import contextlib
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from siptui.emulator.entra.grants import DeviceGrant
from tests.worker.installation import until, write_list
from tests.worker.signed_in import SignedInInstallation, signed_in_installation
from tests.worker.test_hangup import Terminal

_COUNT = 9
pytestmark = [
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc"),
    pytest.mark.own_python,
]


class Processes(threading.Thread):
    """Looks at the arguments and environments of every process that works in `folder`, again and
    again. Other tests give tokens to theirs at the same time; what lives already is none of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self._mark = str(folder).encode()
        self.seen: dict[str, bytes] = {}
        self._before = set(self._all())
        self._over = threading.Event()

    @staticmethod
    def _all() -> Iterator[Path]:
        return Path("/proc").glob("[0-9]*")

    def run(self) -> None:
        while not self._over.wait(0.05):
            for folder in set(self._all()) - self._before:
                with contextlib.suppress(OSError):
                    found = {name: (folder / name).read_bytes() for name in ("cmdline", "environ")}
                    if any(self._mark in content for content in found.values()):
                        for name, content in found.items():
                            self.seen[f"{folder.name}/{name}"] = content

    def stop(self) -> dict[str, bytes]:
        self._over.set()
        self.join(10)
        return self.seen


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[SignedInInstallation]:
    with signed_in_installation(tmp_path, "[timing]\ndevice = [60, 300]\n") as installation:
        yield installation


@pytest.fixture
def planted(installation: SignedInInstallation, monkeypatch: pytest.MonkeyPatch) -> set[bytes]:
    """Everything secret that the authority hands out: tokens and device codes, as it happens."""
    found: set[bytes] = set()
    state = installation.authority
    signed, refresh, device = state.issuer.signed, state.new_refresh, state.start_device

    def noted(token: str) -> str:
        found.add(token.encode())
        return token

    def started(client_id: str, scope: str) -> DeviceGrant:
        grant = device(client_id, scope)
        noted(grant.device_code)
        return grant

    monkeypatch.setattr(state.issuer, "signed", lambda claims: noted(signed(claims)))
    monkeypatch.setattr(state, "new_refresh", lambda grant: noted(refresh(grant)))
    monkeypatch.setattr(state, "start_device", started)
    return found


def _everything(folder: Path, besides: set[Path]) -> Iterator[tuple[str, bytes]]:
    """Every file below `folder` with its content, what is packed in bundles included."""
    for path in sorted(folder.rglob("*")):
        if path in besides or not path.is_file():
            continue
        yield str(path), path.read_bytes()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as bundle:
                for name in bundle.namelist():
                    yield f"{path}:{name}", bundle.read(name)


def _hits(secrets: set[bytes], where: str, content: bytes) -> list[str]:
    return [
        f"{where}: {secret[:6]!r}…"
        for secret in secrets
        if any(part in content for part in _parts(secret))
    ]


def _parts(secret: bytes) -> Iterator[bytes]:
    """A token that was cut or wrapped is a token all the same. (They all begin alike.)"""
    yield secret
    if len(secret) > 100:
        middle = len(secret) // 2
        yield secret[middle : middle + 32]
        yield secret[-40:-8]


@pytest.mark.slow
def test_no_secret_is_anywhere_but_in_the_token_store(
    installation: SignedInInstallation, planted: set[bytes]
) -> None:
    processes = Processes(installation.folder)
    processes.start()
    said: dict[str, bytes] = {}

    def ran(name: str, *args: str, text: str | None = None) -> None:
        recorded = ("--record", str(installation.folder / f"{name}.jsonl"))
        with installation.process(*args, "--log-level", "debug", *recorded, stderr=-1) as process:
            out, err = process.communicate(text, timeout=60)
        assert process.returncode == 0, err
        said[name] = (out + err).encode()

    ran("login", "auth", "login", "--store", "file", "--no-input")
    file = write_list(installation.folder / "phones.csv", range(1, _COUNT + 1))
    options = ("--region", "EMEA", "--batch-size", "3", "--slots", "1", "--yes", "--json")
    recording = installation.folder / "run.jsonl"
    levels = ("--log-level", "debug", "--record", str(recording))
    with installation.process("run", str(file), *options, *levels, stderr=-1) as process:
        run = until(installation.runs, "the run")[0]
        until(lambda: installation.state(run).batches[1].batch_id, "the first batch")
        installation.authority.issuer.revoke()  # a refresh in the middle of the run
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    said["run"] = (out + err).encode()
    terminal = Terminal(installation, "attach", run, "--log-level", "debug")
    until(lambda: terminal.shows(f"room{_COUNT}@"), "the console")
    said["screen"] = terminal.shown
    terminal.close()
    ran("batches", "batches", "--json")
    ran("doctor", "doctor", "--bundle", str(installation.folder / "bundle.zip"))
    ran("status", "auth", "status")
    seen, secrets = processes.stop(), planted
    # Device code, identity, two each of access and refresh; of identity one, if within a second.
    assert len(secrets) >= 6

    store = installation.folder / "state" / "lab" / "tokens.json"
    keys = set((installation.folder / "keys").iterdir())  # the emulated authority's own
    files = dict(_everything(installation.folder, {store} | keys))
    assert any(name.endswith("journal.db") for name in files)
    assert any("/logs/" in name and b"token" in content for name, content in files.items())
    assert any(".zip:" in name for name in files)
    workers = [key for key, content in seen.items() if b"siptui.app.worker_main" in content]
    assert workers
    assert any(key.endswith("environ") and b"SIPTUI_STATE_DIR" in seen[key] for key in seen)
    hits = [
        hit
        for where, content in {**files, **said, **seen}.items()
        for hit in _hits(secrets, where, content)
    ]
    assert hits == []
    assert _hits(secrets, "store", store.read_bytes())  # where they belong, so they can be found

    text = recording.read_text()
    calls = [json.loads(line) for line in text.splitlines()[1:]]
    assert {"createbatch", "batchstatus", "token"} <= {
        one["path"].rpartition("/")[2] for one in calls
    }  # the worker's, its refresh included
    for name in (
        "contoso",
        "room1@",
        "00-04-F2",
        installation.emulator.url.removeprefix("http://x"),
    ):
        assert name not in text, name


def test_a_token_of_a_variable_is_in_no_worker(installation: SignedInInstallation) -> None:
    user, issuer = installation.authority.user(), installation.authority.issuer
    token = issuer.access_token(user, "another", issuer.audience, installation.beside.address)
    processes = Processes(installation.folder)
    processes.start()
    file = write_list(installation.folder / "phones.csv", range(1, _COUNT + 1))
    options = ("--region", "EMEA", "--yes", "--json", "--log-level", "debug")
    others = {
        f"SIPTUI_{name}_TOKEN": issuer.access_token(user, name, name, installation.beside.address)
        for name in ("GRAPH", "DEVICES")
    }
    given = {"SIPTUI_ACCESS_TOKEN": token, **others}
    with installation.process("run", str(file), *options, stderr=-1, env=given) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    seen = processes.stop()
    starter = f"{process.pid}/environ"
    assert token.encode() in seen[starter]  # set by the user, in the user's own shell
    workers = {k.partition("/")[0] for k, v in seen.items() if b"siptui.app.worker_main" in v}
    assert workers
    everything = {**dict(_everything(installation.folder, set())), "said": (out + err).encode()}
    everything |= {key: value for key, value in seen.items() if key != starter}
    found = [
        hit
        for key, value in everything.items()
        for hit in _hits({one.encode() for one in given.values()}, key, value)
    ]
    assert found == []
