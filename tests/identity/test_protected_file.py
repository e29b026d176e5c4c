"""The token store where the system encrypts for each user: Windows itself there, a stand-in for its
two calls elsewhere (`tests/host/contract/test_protection.py` has the calls themselves)."""

import json
from pathlib import Path

import pytest

from siptui.host import protection
from siptui.host.private_files import private_folder, write_private
from siptui.host.protection import ProtectionError
from siptui.identity import protected_file
from siptui.identity.errors import NoProtectionError, StoreProtectedError, StoreUndecidedError
from siptui.identity.store import FileStore, StoreKind, existing_store, set_aside_in
from siptui.identity.store_choice import choose_store

_TOKENS = b'{"schema": 1, "cache": "refresh-token-CANARY-0123456789"}'
_CANARY = b"CANARY"
_NO_KEY = "Key not valid for use in specified state (0x8009000B)"


class _System:
    """Encrypts for whoever has `key`; without one it refuses, as Windows does after a login by an
    SSH key."""

    key = 7

    def protect(self, content: bytes) -> bytes:
        if not self.key:
            raise ProtectionError(_NO_KEY)
        return bytes([self.key, *(byte ^ self.key for byte in content)])

    def unprotect(self, made: bytes) -> bytes:
        if not made or not self.key or made[0] != self.key:
            raise ProtectionError(_NO_KEY)
        return bytes(byte ^ self.key for byte in made[1:])


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siptui.identity.keyring.find_spec", lambda name: None)  # not installed


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> _System:
    """A system that encrypts, which can be made to refuse."""
    system = _System()
    real = (protection.protect, protection.unprotect) if protection.PROTECTED_BY else None

    def protect(content: bytes) -> bytes:
        return real[0](content) if real and system.key == 7 else system.protect(content)

    def unprotect(made: bytes) -> bytes:
        return real[1](made) if real and system.key == 7 else system.unprotect(made)

    monkeypatch.setattr(protection, "PROTECTED_BY", "Windows")
    monkeypatch.setattr(protection, "protect", protect)
    monkeypatch.setattr(protection, "unprotect", unprotect)
    return system


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "contoso"


def _written(folder: Path, *, may_be_plain: bool = False, content: bytes = _TOKENS) -> FileStore:
    store = FileStore(folder, StoreKind.FILE, may_be_plain=may_be_plain)
    with store.locked():
        store.write(content)
    return store


def test_a_file_is_encrypted_without_a_question_and_read_again(
    folder: Path, system: _System
) -> None:
    chosen = choose_store(folder, None, None)
    assert chosen.kind is StoreKind.FILE
    with chosen.locked():
        chosen.write(_TOKENS)
    store = existing_store(folder)
    assert store
    assert store.read() == _TOKENS
    assert store.encrypted()
    assert store.described() == "a file that Windows encrypts for this user on this host"
    assert [path.name for path in folder.iterdir() if _CANARY in path.read_bytes()] == []
    assert choose_store(folder, None, None).kind is StoreKind.FILE


def test_what_was_not_encrypted_is_read_and_encrypted_then(folder: Path, system: _System) -> None:
    private_folder(folder.parent)
    private_folder(folder)
    write_private(folder / "tokens.json", _TOKENS)
    store = FileStore(folder, StoreKind.FILE)
    with store.locked():  # another process is at it: read, and left to that one
        assert store.read() == _TOKENS
        assert not store.encrypted()
    assert store.read() == _TOKENS
    assert store.encrypted()
    assert _CANARY not in store.path.read_bytes()
    assert store.read() == _TOKENS


def test_what_another_user_or_host_encrypted_stays_until_a_new_sign_in(
    folder: Path, system: _System, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(protected_file.platform, "node", lambda: "JUMP1")
        elsewhere.setattr(protected_file, "user_name", lambda: "anna")
        store = _written(folder)
    there = store.path.read_bytes()
    system.key = 9
    for _ in range(2):
        with pytest.raises(StoreProtectedError, match="anna on JUMP1, which is not here") as caught:
            store.read()
        assert "stays where it is" in caught.value.message
        assert "siptui auth login" in caught.value.remedy
        assert store.path.read_bytes() == there
    other = choose_store(folder, None, None)
    with other.locked():
        other.write(b"of this host")
    assert other.read() == b"of this host"
    aside = set_aside_in(folder)
    assert aside
    assert aside.read_bytes() == there


def test_a_session_without_a_key_is_told_so_and_writes_plainly_only_when_asked_to(
    folder: Path, system: _System
) -> None:
    system.key = 0
    with pytest.raises(StoreUndecidedError, match="SSH key is given no key") as undecided:
        choose_store(folder, None, None)
    assert "--store memory" in undecided.value.remedy
    with pytest.raises(NoProtectionError):
        _written(folder)
    assert not list(folder.glob("tokens.json"))
    chosen = choose_store(folder, StoreKind.FILE, None)
    with chosen.locked():
        chosen.write(_TOKENS)
    assert chosen.read() == _TOKENS
    assert chosen.described() == "a plain file that only this user can read"
    asked = choose_store(folder.with_name("other"), None, lambda why: StoreKind.FILE)
    assert asked.kind is StoreKind.FILE

    system.key = 7  # a session on the desktop, which must not shut the other one out
    store = existing_store(folder)
    assert store
    assert store.read() == _TOKENS
    with store.locked():
        store.write(_TOKENS + b" ")
    system.key = 0
    assert store.read() == _TOKENS + b" "


def test_a_session_without_a_key_keeps_what_the_desktop_encrypted(
    folder: Path, system: _System
) -> None:
    store = _written(folder)
    there = store.path.read_bytes()
    system.key = 0
    with pytest.raises(StoreProtectedError, match="this session is not given the key"):
        store.read()
    with pytest.raises(NoProtectionError):
        _written(folder)
    assert store.path.read_bytes() == there
    system.key = 7
    assert store.read() == _TOKENS


def test_what_windows_encrypted_is_told_on_another_system(folder: Path) -> None:
    private_folder(folder.parent)
    private_folder(folder)
    made = {"protected_by": "Windows", "user": "anna", "host": "JUMP1", "content": "AAAA"}
    write_private(folder / "tokens.json", json.dumps(made).encode())
    store = FileStore(folder, StoreKind.FILE)
    with pytest.raises(StoreProtectedError, match="Windows encrypted it for anna on JUMP1"):
        store.read()
    _written(folder)
    assert store.read() == _TOKENS
    assert set_aside_in(folder)


def test_a_damaged_file_is_no_tokens_and_no_fault(folder: Path, system: _System) -> None:
    private_folder(folder.parent)
    private_folder(folder)
    store = FileStore(folder, StoreKind.FILE)
    for damaged in (b'{"protected_by": "Windows", "con', b'["protected_by"]', b"\0\xff"):
        write_private(store.path, damaged)
        assert store.read() == damaged
    for left in ({"content": "%"}, {"content": 3}, {}):
        write_private(store.path, json.dumps({"protected_by": "Windows", **left}).encode())
        with pytest.raises(StoreProtectedError):
            store.read()
        write_private(store.path, json.dumps({"protected_by": "", **left}).encode())
        assert store.read() == b""
