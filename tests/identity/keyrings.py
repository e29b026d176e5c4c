"""Keyring backends for tests, chosen by `PYTHON_KEYRING_BACKEND` in the child that asks them."""

import json
import os
import time
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


class Shelf(KeyringBackend):
    """Keeps what it is given in the file that `TEST_KEYRING` names."""

    priority = 1  # type: ignore[assignment]

    def _all(self) -> dict[str, str]:
        path = Path(os.environ["TEST_KEYRING"])
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def _save(self, entries: dict[str, str]) -> None:
        Path(os.environ["TEST_KEYRING"]).write_text(json.dumps(entries))

    def get_password(self, service: str, username: str) -> str | None:
        return self._all().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._save({**self._all(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        entries = self._all()
        entries.pop(f"{service}/{username}", None)
        self._save(entries)


class Forgetful(Shelf):
    """Takes everything, keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        return None


class Locked(Shelf):
    """Nobody is there to unlock it."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("SECRET-CANARY in a message")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked(password)


class Hanging(Shelf):
    """Never answers, deaf to everything but SIGKILL, and so is what it started."""

    def get_password(self, service: str, username: str) -> str | None:
        import signal
        import subprocess

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen(["sleep", "3600"])
        Path(os.environ["TEST_KEYRING"]).write_text(f"{os.getpid()} {child.pid}")
        while True:
            time.sleep(3600)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.get_password(service, username)


class PlaintextKeyring(Shelf):
    """By its name one of those that keep secrets in the clear."""
