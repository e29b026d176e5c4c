"""One recording (`--record FILE`) of all that a command does, its worker processes included."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from siptui.transport.recorder import Recorder


class RecordingFile:
    """The file of a recording and the key of its pseudonyms; made when it is first written to.

    Any number of recorders, in this process and in those it starts, add to it.
    """

    def __init__(self, path: Path, key: bytes = b"", *, begun: bool = False) -> None:
        self.path = path.absolute()
        self._key = key or os.urandom(32)
        self._begun = begun

    def begin(self) -> None:
        """Make the file. Raises `UsageError` when it exists already or cannot be made."""
        self.recorder().close()

    def recorder(self) -> "Recorder":
        """A recorder that adds to it. Raises `UsageError`."""
        # Of every command that has the option, few record: not all are to load the HTTP client.
        from siptui.logs.pseudonyms import Pseudonyms
        from siptui.transport.recorder import Recorder

        recorder = Recorder(self.path, Pseudonyms(self._key), joining=self._begun)
        self._begun = True
        return recorder

    def order(self) -> dict[str, str]:
        """What a worker needs to add to it; begins it."""
        self.begin()
        return {"path": str(self.path), "key": self._key.hex()}

    @classmethod
    def ordered(cls, order: Mapping[str, Any] | None) -> Self | None:
        """The recording of `order()`, in the worker."""
        if not order:
            return None
        return cls(Path(order["path"]), bytes.fromhex(order["key"]), begun=True)
