"""One recording (`--record FILE`) for all that a command does, its worker processes included."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from siptui.logs.pseudonyms import Pseudonyms
from siptui.transport import Watcher
from siptui.transport.exchange_log import log_exchange
from siptui.transport.recorder import Recorder


class Tape:
    """The file of a recording and the key of its stand-ins; made when first written to.

    Any number of recorders, in this process and in those it starts, add to it.
    """

    def __init__(self, path: Path, key: bytes = b"", *, begun: bool = False) -> None:
        self.path = path.absolute()
        self._key = key or os.urandom(32)
        self._begun = begun

    def begin(self) -> None:
        """Make the file. Raises `UsageError` when it is there already or cannot be made."""
        self.recorder().close()

    def recorder(self) -> Recorder:
        """A recorder that adds to it. Raises `UsageError`."""
        recorder = Recorder(self.path, Pseudonyms(self._key), joining=self._begun)
        self._begun = True
        return recorder

    def order(self) -> dict[str, str]:
        """What a worker needs to add to it; begins it."""
        self.begin()
        return {"path": str(self.path), "key": self._key.hex()}

    @classmethod
    def ordered(cls, order: Mapping[str, Any] | None) -> Self | None:
        """The tape of `order()`, in the worker."""
        if not order:
            return None
        return cls(Path(order["path"]), bytes.fromhex(order["key"]), begun=True)


@contextlib.contextmanager
def watching(record: Tape | None) -> Iterator[tuple[Watcher, ...]]:
    """Who is told of every exchange: the log, and the recording where one is asked for."""
    if record is None:
        yield (log_exchange,)
        return
    with record.recorder() as recorder:
        yield (log_exchange, recorder)
