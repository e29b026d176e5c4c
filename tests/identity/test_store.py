"""The token store: never broken, never open to others, never hanging."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from siptui.host.private_files import PrivateFileError
from siptui.identity import store as store_module
from siptui.identity.errors import (
    KeyringUnavailableError,
    StoreBrokenError,
    StoreUndecidedError,
)
from siptui.identity.store import FileStore, MemoryStore, StoreKind, existing_store
from siptui.identity.store_choice import choose_store

CANARY = b"refresh-token-CANARY-0123456789"


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Choose one of the backends of `tests.identity.keyrings` for the child process."""
    pytest.importorskip("keyring")
    path = tmp_path / "keyring.json"

    def use(name: str) -> Path:
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"tests.identity.keyrings.{name}")
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        monkeypatch.setenv("TEST_KEYRING", str(path))
        return path

    return use


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "contoso"


def written(folder: Path, kind: StoreKind, content: bytes = CANARY) -> FileStore:
    store = FileStore(folder, kind)
    with store.locked():
        store.write(content)
    return store


def mode(path: Path) -> int:
    return path.lstat().st_mode & 0o7777


def test_plain_file_is_private_whatever_the_umask(folder: Path) -> None:
    old = os.umask(0)
    try:
        store = written(folder, StoreKind.FILE)
    finally:
        os.umask(old)
    assert store.read() == CANARY
    assert mode(store.path) == 0o600
    assert mode(folder) == 0o700
    assert [path.name for path in folder.iterdir() if mode(path) & 0o077] == []


def test_with_a_keyring_nothing_on_disk_can_be_read(folder: Path, keyring) -> None:  # type: ignore[no-untyped-def]
    shelf = keyring("Shelf")
    written(folder, StoreKind.KEYRING)
    assert FileStore(folder, StoreKind.KEYRING).read() == CANARY
    for path in folder.iterdir():
        assert CANARY not in path.read_bytes()
        assert mode(path) == 0o600
    assert CANARY not in shelf.read_bytes()  # only the key is there: keyrings limit the size


def test_one_truth_per_profile(folder: Path, keyring) -> None:  # type: ignore[no-untyped-def]
    keyring("Shelf")
    written(folder, StoreKind.FILE, b"old")
    written(folder, StoreKind.KEYRING, b"new")
    found = existing_store(folder)
    assert found
    assert (found.kind, found.read()) == (StoreKind.KEYRING, b"new")
    assert not (folder / "tokens.json").exists()


def test_too_open_is_closed_and_set_aside(folder: Path) -> None:
    store = written(folder, StoreKind.FILE)
    store.path.chmod(0o644)
    with pytest.raises(StoreBrokenError, match="read or written by others") as broken:
        store.read()
    aside = folder / "tokens.json.broken"
    assert str(aside) in broken.value.message
    assert mode(aside) == 0o600
    assert "revoked" in broken.value.remedy
    assert store.read() is None


def test_symlink_is_not_followed(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"somebody else's")
    target.chmod(0o600)
    folder.mkdir(parents=True)
    (folder / "tokens.json").symlink_to(target)
    store = existing_store(folder)
    assert store
    with pytest.raises(StoreBrokenError, match="symbolic link"):
        store.read()
    (folder / "tokens.json").symlink_to(target)
    written(folder, StoreKind.FILE)
    assert not (folder / "tokens.json").is_symlink()
    assert target.read_bytes() == b"somebody else's"
    assert mode(target) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_owner_is_not_trusted(folder: Path) -> None:
    store = written(folder, StoreKind.FILE)
    os.chown(store.path, 12345, 12345)
    with pytest.raises(StoreBrokenError, match="another user"):
        store.read()


def test_fifo_does_not_hang(folder: Path) -> None:
    folder.mkdir(parents=True)
    os.mkfifo(folder / "tokens.json", 0o600)
    with pytest.raises(StoreBrokenError, match="not a plain file"):
        FileStore(folder, StoreKind.FILE).read()


def test_damaged_encryption_is_set_aside(folder: Path, keyring) -> None:  # type: ignore[no-untyped-def]
    keyring("Shelf")
    store = written(folder, StoreKind.KEYRING)
    good = store.path.read_bytes()
    for damaged in (b"", b"garbage", b"siptui-tokens-1\n", good[:-1] + bytes([good[-1] ^ 1])):
        with store.locked():
            store.write(CANARY)
        store.path.write_bytes(damaged)
        with pytest.raises(StoreBrokenError, match="set aside"):
            store.read()
        assert store.read() is None
    written(folder, StoreKind.KEYRING, b"again")
    assert FileStore(folder, StoreKind.KEYRING).read() == b"again"


def test_keyring_away_is_no_damage(folder: Path, keyring) -> None:  # type: ignore[no-untyped-def]
    """Over SSH the keyring of the desktop may be out of reach; the file must survive that."""
    keyring("Shelf")
    written(folder, StoreKind.KEYRING)
    keyring("Locked")
    with pytest.raises(KeyringUnavailableError) as away:
        FileStore(folder, StoreKind.KEYRING).read()
    assert "CANARY" not in f"{away.value}{away.value.remedy}"
    keyring("Shelf")
    assert FileStore(folder, StoreKind.KEYRING).read() == CANARY


def test_forget_leaves_nothing(folder: Path, keyring) -> None:  # type: ignore[no-untyped-def]
    shelf = keyring("Shelf")
    store = written(folder, StoreKind.KEYRING)
    (folder / "tokens.json.broken").write_bytes(CANARY)
    (folder / ".tokens.json.123.abcd.tmp").write_bytes(CANARY)
    with store.locked():
        store.forget()
    assert {path.name for path in folder.iterdir()} <= {"tokens.lock"}
    assert shelf.read_text() == "{}"


def test_leftovers_of_a_killed_writer_are_swept(folder: Path) -> None:
    store = written(folder, StoreKind.FILE)
    (folder / ".tokens.json.123.abcd.tmp").write_bytes(CANARY)
    with store.locked():
        store.write(b"next")
    assert not list(folder.glob(".*.tmp"))


def test_read_modify_write_is_one_step(folder: Path) -> None:
    written(folder, StoreKind.FILE, b"0")

    def add() -> None:
        store = FileStore(folder, StoreKind.FILE)
        for _ in range(5):
            with store.locked():
                store.write(str(int(store.read() or b"0") + 1).encode())

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert FileStore(folder, StoreKind.FILE).read() == b"20"


#: For each line that it reads a process that writes until it is killed.
_WRITERS = """
import os, sys
from pathlib import Path
from siptui.identity.store import FileStore, StoreKind
store = FileStore(Path(sys.argv[1]), StoreKind.FILE)
for line in sys.stdin:
    if os.fork():
        os.wait()
        print("gone", flush=True)
        continue
    print(os.getpid(), flush=True)
    for turn in range(10_000):
        with store.locked():
            store.write(bytes([65 + turn % 26]) * 20_000)
"""


def test_killed_while_writing_never_breaks_the_file(folder: Path) -> None:
    """Many writers, each killed at another moment; a watcher looks at every state it can catch."""
    written(folder, StoreKind.FILE, b"Z" * 20_000)
    path, faults, stop = folder / "tokens.json", [], threading.Event()

    def watch() -> None:
        while not stop.is_set():
            for entry in folder.iterdir():
                try:
                    if mode(entry) & 0o077:
                        faults.append(f"{entry.name} is {mode(entry):o}")
                except FileNotFoundError:
                    continue
            content = path.read_bytes()
            if len(content) != 20_000 or len(set(content)) != 1:
                faults.append(f"broken: {len(content)} bytes")

    watcher = threading.Thread(target=watch)
    watcher.start()
    stamps = set()
    try:
        with subprocess.Popen(
            [sys.executable, "-c", _WRITERS, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as writers:
            assert writers.stdin
            assert writers.stdout
            for turn in range(8):
                writers.stdin.write("\n")
                writers.stdin.flush()
                writer = int(writers.stdout.readline())
                seen = {FileStore(folder, StoreKind.FILE).stamp()}
                deadline = time.monotonic() + 20
                while len(seen) < 13 + turn and time.monotonic() < deadline:
                    seen.add(FileStore(folder, StoreKind.FILE).stamp())
                os.kill(writer, signal.SIGKILL)
                assert writers.stdout.readline() == "gone\n"
                stamps |= seen
                content = FileStore(folder, StoreKind.FILE).read()
                assert content
                assert len(content) == 20_000
    finally:
        stop.set()
        watcher.join()
    assert not faults
    assert len(stamps) >= 100  # that many writes were caught in the act
    store = FileStore(folder, StoreKind.FILE)
    with store.locked():  # the lock of a killed process is free
        store.write(b"after")
    assert not list(folder.glob(".*.tmp"))


def test_lock_of_another_process_is_waited_for_and_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_LOCK_LIMIT", 0.0)
    store = written(folder, StoreKind.FILE)
    with store.locked(), pytest.raises(Exception, match=f"process {os.getpid()}"):
        FileStore(folder, StoreKind.FILE).locked().__enter__()


# Which store


def asked(answer: StoreKind) -> tuple[list[str], object]:
    reasons: list[str] = []

    def ask(why: str) -> StoreKind:
        reasons.append(why)
        return answer

    return reasons, ask


def test_keyring_first(folder: Path, keyring) -> None:  # type: ignore[no-untyped-def]
    keyring("Shelf")
    assert choose_store(folder, None, None).kind is StoreKind.KEYRING


@pytest.mark.parametrize(
    ("backend", "why"),
    [
        ("Forgetful", "did not give back"),
        ("Locked", "KeyringLocked"),
        ("PlaintextKeyring", "in the clear"),
    ],
)
def test_keyring_that_does_not_work_is_told_and_asked_about(
    folder: Path,
    keyring,
    backend: str,
    why: str,  # type: ignore[no-untyped-def]
) -> None:
    keyring(backend)
    reasons, ask = asked(StoreKind.FILE)
    store = choose_store(folder, None, ask)  # type: ignore[arg-type]
    assert store.kind is StoreKind.FILE
    assert len(reasons) == 1
    assert why in reasons[0]
    with store.locked():
        store.write(CANARY)
    assert choose_store(folder, None, ask).kind is StoreKind.FILE  # type: ignore[arg-type]
    assert len(reasons) == 1  # asked once


def test_no_keyring_and_nobody_to_ask(folder: Path, keyring) -> None:  # type: ignore[no-untyped-def]
    keyring("Locked")
    with pytest.raises(StoreUndecidedError, match="unasked") as undecided:
        choose_store(folder, None, None)
    assert undecided.value.exit_code == 4
    assert "--store memory" in undecided.value.remedy
    with pytest.raises(KeyringUnavailableError):
        choose_store(folder, StoreKind.KEYRING, None)
    assert isinstance(choose_store(folder, StoreKind.MEMORY, None), MemoryStore)
    assert not folder.exists() or not [p for p in folder.iterdir() if "tokens." in p.name]


def test_keyring_that_hangs_is_killed(folder: Path, keyring) -> None:  # type: ignore[no-untyped-def]
    pids = keyring("Hanging")
    reasons, ask = asked(StoreKind.MEMORY)
    store = choose_store(folder, None, ask, keyring_limit=1.5)  # type: ignore[arg-type]
    assert store.kind is StoreKind.MEMORY
    assert "within 1.5 s" in reasons[0]
    if pids.exists():  # it got as far as hanging: neither it nor what it started is left
        for pid in map(int, pids.read_text().split()):
            gone = _gone(pid)
            assert gone


def _gone(pid: int) -> bool:
    """Whether the process is no more (one that nobody has buried yet counts as dead)."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state in "ZX":
            return True
        time.sleep(0.01)
    return False


def test_folder_of_another_user(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    with pytest.raises(PrivateFileError, match="another user"):
        choose_store(folder, StoreKind.FILE, None)
