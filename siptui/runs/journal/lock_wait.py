"""Waiting while another process has the journal locked, and saying which one."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from siptui.host.lock_owner import lock_owner, process_name
from siptui.runs.journal.sqlite_file import JournalError, is_busy, with_suffix

T = TypeVar("T")
#: Seconds that a journal is waited for, unless its opener says otherwise.
PATIENCE = 10.0
#: After a wait that was in vain the next ones are short: who must end does not end a minute late.
_IN_VAIN = 0.5
#: Where SQLite's locks lie: the reserved byte and the one before it in the file
#: (https://sqlite.org/src/file/src/os.h), the write lock in the memory of the log
#: (https://sqlite.org/walformat.html, section 2.3).
_RESERVED, _PENDING, _LOG_WRITE = 0x40000001, 0x40000000, 120


class JournalBusyError(JournalError):
    """Another process kept the journal locked for longer than it was waited for."""


class JournalWait:
    """How long the journal of this path is waited for, and who is told about it.

    `on_wait` is called with a sentence when a wait has begun, and with nothing when it is over.
    `waited` is the last wait that ended well, as a sentence, until it is taken.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.patience = PATIENCE
        self.on_wait: Callable[[str], None] = lambda _: None
        self.waited = ""
        self._in_vain = False

    def take_waited(self) -> str:
        """`waited`, once."""
        said, self.waited = self.waited, ""
        return said

    def call(self, statement: Callable[[], T]) -> T:
        """What `statement` returns, tried until no process has the journal locked.

        Each try waits for as long as the connection does. Raises `JournalBusyError` when the
        patience is at its end; other errors of SQLite as they are.
        """
        begun = time.monotonic()
        who = ""
        while True:
            try:
                found = statement()
            except sqlite3.OperationalError as error:
                if not is_busy(error):
                    raise
                passed = time.monotonic() - begun
                if passed >= (_IN_VAIN if self._in_vain else self.patience):
                    self._in_vain = True
                    who = who or self.holder()
                    if who:
                        self.on_wait("")
                    raise JournalBusyError(
                        f"{self._path}: {who} kept it locked for more than {passed:.0f} seconds",
                        remedy="End that process, or wait until it is done. Nothing was half"
                        " written, and nothing more was submitted. Then try again; a run goes on"
                        " with: siptui resume",
                    ) from error
                if (now := self.holder()) != who:
                    who = now
                    self.on_wait(f"{who} has the journal locked; it is waited for")
            else:
                self._in_vain = False
                if who:
                    self.on_wait("")
                    passed = time.monotonic() - begun
                    self.waited = f"{who} had the journal locked for {passed:.0f} s"
                return found

    def holder(self) -> str:
        """The process that has the journal locked for writing, for people."""
        memory = with_suffix(self._path, "-shm")
        pid = lock_owner(memory, (_LOG_WRITE,)) if memory.exists() else 0
        pid = pid or lock_owner(self._path, (_RESERVED, _PENDING))
        if not pid:
            return "another process"
        name = process_name(pid)
        return f"process {pid} ({name})" if name else f"process {pid}"
