"""Where the tokens of a profile lie: encrypted with a key of the keyring, in a file, or nowhere.

A store holds one blob. Files are 0600 in a 0700 folder, replaced as a whole, checked when read;
who changes them holds a lock on the file beside them. Where the system encrypts for each user
(Windows), a file is encrypted.
"""

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from siptui.domain.errors import SiptuiError, Way
from siptui.host import protection
from siptui.host.errors import InUseError
from siptui.host.files import replace_file
from siptui.host.locks import HeldError, file_lock
from siptui.host.private_files import (
    PrivateFileError,
    close_to_others,
    private_folder,
    read_private,
    write_private,
)
from siptui.host.protection import ProtectionError
from siptui.identity.errors import (
    KeyringUnavailableError,
    StoreBrokenError,
    StoreProtectedError,
    StoreUnusableError,
)
from siptui.identity.keyring import LIMIT, Keyring
from siptui.identity.protected_file import content_of, is_protected, protected, to_write

#: Seconds to wait for another process that refreshes: a token request may take 30.
_LOCK_LIMIT = 45.0
_MAGIC = b"siptui-tokens-1\n"
_PLAIN, _SEALED, _LOCK = "tokens.json", "tokens.sealed", "tokens.lock"
_BROKEN = ".broken"
#: No token store comes near this; what does is none.
_MOST = 4_000_000


class StoreKind(StrEnum):
    """How tokens are kept."""

    KEYRING = "keyring"
    FILE = "file"
    MEMORY = "memory"


class TokenStore(Protocol):
    """One blob. `stamp` changes with the content."""

    kind: StoreKind

    def read(self) -> bytes | None:
        """The content, or none. Raises `StoreBrokenError`, `KeyringUnavailableError`."""
        ...

    def write(self, content: bytes) -> None:
        """Replace the content. Only while `locked`."""
        ...

    def forget(self) -> None:
        """Remove it and whatever belongs to it."""
        ...

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Hold off every other process and thread that wants to change it."""
        ...

    def stamp(self) -> object:
        """Equal as long as the content has not changed."""
        ...

    def place(self) -> str:
        """Where it is, for people."""
        ...

    def described(self) -> str:
        """How it is kept, for people."""
        ...


class MemoryStore:
    """Gone with this process. `content` may come from the process that started this one."""

    kind = StoreKind.MEMORY

    def __init__(self, content: bytes | None = None) -> None:
        self._content = content
        self._lock = threading.Lock()

    def read(self) -> bytes | None:
        """The content, or none."""
        return self._content

    def write(self, content: bytes) -> None:
        """Replace the content."""
        self._content = content

    def forget(self) -> None:
        """Empty it."""
        self._content = None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold off other threads."""
        with self._lock:
            yield

    def stamp(self) -> object:
        """The content is its own stamp."""
        return self._content

    def place(self) -> str:
        """Nowhere on disk."""
        return "memory"

    def described(self) -> str:
        """How it is kept, for people."""
        return "the memory of this process alone"


class FileStore:
    """A file in `folder`, or one encrypted with a key of the keyring.

    Writing one kind removes the other: there is one truth per profile. Where the system encrypts
    files and gives this session no key for it, only one that `may_be_plain` is written.
    """

    def __init__(
        self,
        folder: Path,
        kind: StoreKind,
        *,
        keyring_limit: float = LIMIT,
        may_be_plain: bool = False,
    ) -> None:
        self.kind = kind
        self._may_be_plain = may_be_plain
        self.folder = folder
        self.path = folder / (_SEALED if kind is StoreKind.KEYRING else _PLAIN)
        name = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16]
        self._keyring = Keyring(f"{folder.name}-{name}", keyring_limit)
        self._key: bytes | None = None

    def read(self) -> bytes | None:
        """The content, or none. A file that cannot be trusted is set aside, with an error; one
        that is encrypted for another user or host stays where it is, with an error, too."""
        try:
            with self._usable():
                content = read_private(self.path)
        except FileNotFoundError:
            return None
        except PrivateFileError as error:
            raise self.set_aside(error.message.rstrip(".")) from None
        if len(content) > _MOST:
            raise self.set_aside("it is far too large")
        return self._opened(content) if self.kind is StoreKind.KEYRING else self._decrypted(content)

    def write(self, content: bytes) -> None:
        """Replace the content, whole or not at all."""
        self._make_folder()
        content = (self._sealed if self.kind is StoreKind.KEYRING else self._encrypted)(content)
        other = self.folder / (_PLAIN if self.kind is StoreKind.KEYRING else _SEALED)
        with self._usable():
            self._sweep()
            self._keep_what_is_not_mine()
            write_private(self.path, content)
            other.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove the tokens, what was set aside, and the key."""
        sealed = (self.folder / _SEALED).exists()
        with self._usable():
            self._sweep()
            for name in (_PLAIN, _SEALED):
                for path in (self.folder / name, self.folder / f"{name}{_BROKEN}"):
                    path.unlink(missing_ok=True)
        if sealed:
            self.forget_key()

    def forget_key(self) -> None:
        """Take the key out of the keyring."""
        self._key = None
        with contextlib.suppress(KeyringUnavailableError):
            self._keyring.forget()

    def _make_folder(self) -> None:
        private_folder(self.folder.parent)  # of all profiles
        private_folder(self.folder)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock, waiting up to 45 s for its holder. Raises `HeldError`."""
        self._make_folder()
        until = time.monotonic() + _LOCK_LIMIT
        while True:
            try:
                with self._usable():
                    lock = file_lock(self.folder / _LOCK)
            except HeldError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                break
        with lock:
            yield

    def stamp(self) -> object:
        """The file's identity, size and time of change."""
        try:
            found = self.path.lstat()
        except OSError:
            return None
        return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    def place(self) -> str:
        """The file's path."""
        return str(self.path)

    def described(self) -> str:
        """How it is kept, for people."""
        if self.kind is StoreKind.KEYRING:
            return "encrypted, the key in the system's keyring"
        if is_protected(self._written()):
            return f"a file that {protection.PROTECTED_BY} encrypts for this user on this host"
        mode = "" if protection.PROTECTED_BY else " (0600)"
        return f"a plain file that only this user can read{mode}"

    def encrypted(self) -> bool:
        """Whether who reads the file alone cannot read the tokens."""
        return self.kind is StoreKind.KEYRING or is_protected(self._written())

    def set_aside(self, why: str) -> StoreBrokenError:
        """Move the file out of the way and return the error that says so."""
        aside = self.path.with_name(f"{self.path.name}{_BROKEN}")
        where = f"It was set aside as {aside}."
        try:
            close_to_others(self.path)
            replace_file(self.path, aside)
        except OSError as error:
            where = f"It could not be set aside: {error.strerror}."
        return StoreBrokenError(
            f"The token store was not used: {why}. {where}",
            remedy="`siptui auth logout` removes what was set aside. If others could read it, have "
            "the account's sign-ins revoked.",
            way=Way.AGAIN,
        )

    @contextlib.contextmanager
    def _usable(self) -> Iterator[None]:
        """What the system refuses, as an error of ours."""
        try:
            yield
        except FileNotFoundError:
            raise
        except InUseError as error:
            raise StoreUnusableError(error.message, remedy=error.remedy) from error
        except OSError as error:
            raise StoreUnusableError(
                f"{self.path} cannot be read or written: {error.strerror}.",
                remedy="See to space and rights in that folder, choose another with "
                "SIPTUI_STATE_DIR, or sign in with `--store memory`.",
            ) from error

    def _sweep(self) -> None:
        """Remove what a killed process left half written; the caller holds the lock."""
        for name in (_PLAIN, _SEALED):
            for left in self.folder.glob(f".{name}.*.tmp"):
                left.unlink(missing_ok=True)

    def _written(self) -> bytes:
        """What lies there, of whomever and however; nothing where that cannot be read."""
        try:
            return read_private(self.path)
        except (OSError, PrivateFileError):
            return b""

    def _encrypted(self, content: bytes) -> bytes:
        """`content` as it goes into the file. Raises `NoProtectionError`."""
        return to_write(content, self._written(), may_be_plain=self._may_be_plain)

    def _decrypted(self, written: bytes) -> bytes:
        """What is in the file. Raises `StoreProtectedError`; the file stays, for a session that is
        given the key."""
        try:
            content = content_of(written)
        except ProtectionError as error:
            raise StoreProtectedError(
                f"{self.path} was not read: {error}. It stays where it is.", way=Way.AGAIN
            ) from None
        if protection.PROTECTED_BY and content is written:
            self._encrypt_now(written)
        return content

    def _encrypt_now(self, written: bytes) -> None:
        """Encrypt what a version wrote that did not; whoever holds the lock does it if not this."""
        with contextlib.suppress(SiptuiError, ProtectionError, OSError):
            encrypted = protected(written)
            with file_lock(self.folder / _LOCK):
                if read_private(self.path) == written:
                    write_private(self.path, encrypted)

    def _keep_what_is_not_mine(self) -> None:
        """Put aside a file that is encrypted for another user or host, or session of this user."""
        try:
            content_of(self._written())
        except ProtectionError:
            replace_file(self.path, self.path.with_name(f"{self.path.name}{_BROKEN}"))

    def _sealed(self, content: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if self._key is None:
            self._key = self._keyring.key() if self.path.exists() else self._keyring.new_key()
        nonce = os.urandom(12)
        return _MAGIC + nonce + AESGCM(self._key).encrypt(nonce, content, _MAGIC)

    def _opened(self, content: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if not content.startswith(_MAGIC):
            raise self.set_aside("it is not one")
        if self._key is None:
            self._key = self._keyring.key()
        body = content[len(_MAGIC) :]
        opened: bytes | None = None
        with contextlib.suppress(InvalidTag, ValueError):
            opened = AESGCM(self._key).decrypt(body[:12], body[12:], _MAGIC)
        if opened is None:
            raise self.set_aside("it is damaged, or was made with another key")
        return opened

    def prepare(self) -> None:
        """Make sure a later `write` can work: folder, keyring. Raises what `write` would."""
        self._make_folder()
        if self.kind is StoreKind.KEYRING:
            try:
                self._key = self._keyring.key() if self.path.exists() else None
            except SiptuiError:
                self._key = None
            self._key = self._key or self._keyring.new_key()
        else:
            self._encrypted(b"")


def existing_store(folder: Path, *, keyring_limit: float = LIMIT) -> FileStore | None:
    """The store that lies in `folder`, if there is one."""
    for kind in (StoreKind.KEYRING, StoreKind.FILE):
        store = FileStore(folder, kind, keyring_limit=keyring_limit)
        if os.path.lexists(store.path):
            return store
    return None


def set_aside_in(folder: Path) -> Path | None:
    """A token store that could not be used and still lies in `folder`, if there is one."""
    for name in (_SEALED, _PLAIN):
        if os.path.lexists(path := folder / f"{name}{_BROKEN}"):
            return path
    return None


def no_sign_in(folder: Path) -> str:
    """Why there may be no sign-in in `folder` though there was one: a sentence with a blank in
    front, or nothing."""
    if aside := set_aside_in(folder):
        return f" The token store there was could not be used; it was set aside as {aside}."
    return ""
