"""The key that the tokens are encrypted with, kept in the system's keyring.

Only a key of 32 bytes goes there: keyrings limit the size of an entry (Windows 2.5 KB, some
Secret Service backends less than a token cache has), and each call may ask, lock or hang.
"""

import base64
import contextlib
import json
import os
import subprocess
from importlib.util import find_spec

from msgspec import Struct

from siptui.domain.errors import Way
from siptui.domain.text import visible
from siptui.host.interpreter import module_command
from siptui.host.processes import end_child, start_child
from siptui.identity.errors import KeyringUnavailableError

#: Seconds a call may take, as in gh.
LIMIT = 3.0
_SERVICE = "siptui"


class Keyring(Struct, frozen=True):
    """The key of one token store. `name` tells the stores of a user apart."""

    name: str
    limit: float = LIMIT

    def key(self) -> bytes:
        """The key. Raises `KeyringUnavailableError` when it is gone or the keyring is."""
        value = self._call("get")
        key = _decoded(value)
        if key is None:
            raise KeyringUnavailableError(
                "The keyring no longer has the key of the stored tokens.",
                way=Way.AGAIN,
            )
        return key

    def new_key(self) -> bytes:
        """A new key, stored and read back: a keyring that forgets is found out here."""
        key = os.urandom(32)
        self._call("set", base64.b64encode(key).decode())
        if _decoded(self._call("get")) != key:
            raise _unavailable("it did not give back what it was given")
        return key

    def forget(self) -> None:
        """Take the key out; that alone makes the stored tokens unreadable."""
        self._call("delete")

    def _call(self, op: str, value: str = "") -> str | None:
        if find_spec("keyring") is None:
            raise _unavailable(
                "the package “keyring” is not installed (pip install siptui[keyring])"
            )
        asked = {"op": op, "service": _SERVICE, "user": self.name, "value": value}
        try:
            said = _run(json.dumps(asked).encode(), self.limit)
        except subprocess.TimeoutExpired:
            raise _unavailable(f"it did not answer within {self.limit:g} s") from None
        except OSError as error:
            raise _unavailable(visible(error.strerror or "it cannot be asked")) from None
        try:
            answer = json.loads(said)
            error_text, found = answer.get("error"), answer.get("value")
        except (ValueError, AttributeError):
            raise _unavailable("it failed") from None
        if error_text:
            raise _unavailable(visible(str(error_text)))
        return found if isinstance(found, str) else None


def _run(question: bytes, limit: float) -> bytes:
    """What the child says. Its whole process group is killed when the time is over."""
    # Without a terminal: a backend must not ask for a password on it.
    child = start_child(
        module_command("siptui.identity.keyring_child"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        return child.communicate(question, limit)[0]
    finally:
        end_child(child)
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()


def _decoded(value: str | None) -> bytes | None:
    try:
        key = base64.b64decode(value or "", validate=True)
    except ValueError:
        return None
    return key if len(key) == 32 else None


def _unavailable(why: str) -> KeyringUnavailableError:
    return KeyringUnavailableError(
        f"The keyring cannot be used: {why}.",
        way=Way.STORE,
    )
