"""Lines from other processes of the same user (Windows: a named pipe, and a private file that says
which one and holds the key to it).

Both ends prove that they know the key (HMAC, of `multiprocessing.connection`): who has not read
the file can neither send a line nor take the place of the pipe's owner.
"""

import contextlib
import json
import logging
import os
import sys
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import cast

assert sys.platform == "win32"


from siptui.host.errors import PrivateFileError
from siptui.host.windows.private_files import read_private, write_private

_LOG = logging.getLogger(__name__)
_TAKEN = b"taken"
#: Longer than any sign-in.
_LONGEST = 8_000_000
#: Seconds to wait for the other end.
_LIMIT = 5.0


class PrivatePipe:
    """A named pipe through which other processes of this user can send lines to this one.

    Reading never waits; what is left unread goes with `close`. One left by a killed process is
    replaced. Raises `PrivateFileError` when it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._key = os.urandom(32)
        self._address = rf"\\.\pipe\siptui-{os.urandom(16).hex()}"
        self._taken: list[bytes] = []
        self._closed = False
        try:
            self._listener = Listener(self._address, family="AF_PIPE", authkey=self._key)
            said = json.dumps({"address": self._address, "key": self._key.hex()}).encode()
            write_private(path, said)
            self._said = said
        except OSError as error:
            raise PrivateFileError(f"{path} cannot be made: {error.strerror}.") from error
        self._thread = threading.Thread(target=self._listen, name="pipe", daemon=True)
        self._thread.start()

    def lines(self) -> list[bytes]:
        """The lines that were sent since the last look."""
        taken, self._taken = self._taken, []
        return taken

    def close(self) -> None:
        """Take it away. Doing it twice does no harm; one that came in its place is left."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError, PrivateFileError):
            if read_private(self.path) == self._said:
                self.path.unlink()
        with contextlib.suppress(OSError, EOFError, AuthenticationError):
            Client(self._address, family="AF_PIPE", authkey=self._key).close()  # ends the wait
        self._thread.join(_LIMIT)
        self._listener.close()

    def _listen(self) -> None:
        while not self._closed:
            try:
                with self._listener.accept() as connection:
                    if not self._closed and connection.poll(_LIMIT):
                        self._taken.append(connection.recv_bytes(_LONGEST))
                        connection.send_bytes(_TAKEN)
            except (OSError, EOFError, AuthenticationError):
                _LOG.warning("a line that was sent to this process was not taken", exc_info=True)


def send_line(path: Path, line: bytes) -> bool:
    """Send `line` through the `PrivatePipe` at `path`; False when no process reads it.

    Raises `PrivateFileError` for a pipe that others can open, or whose reader fetches nothing.
    """
    try:
        found = json.loads(read_private(path))
        address, key = found["address"], bytes.fromhex(found["key"])
    except FileNotFoundError:
        return False
    except (ValueError, LookupError, TypeError) as error:
        raise PrivateFileError(
            f"{path} does not lead to a pipe of this user alone.", remedy="Remove it."
        ) from error
    try:
        with cast(Connection, Client(address, family="AF_PIPE", authkey=key)) as connection:
            connection.send_bytes(line)
            if not connection.poll(_LIMIT) or connection.recv_bytes(_LONGEST) != _TAKEN:
                raise PrivateFileError(f"The reader of {path} does not fetch it.")
    except (OSError, EOFError):
        return False
    except AuthenticationError as error:
        raise PrivateFileError(
            f"What listens at {path} is not what made it.", remedy="Remove it."
        ) from error
    return True
