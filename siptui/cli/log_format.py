"""`--log-format json`: all that goes to standard error as JSON, one object a line.

For services that collect what jobs say: what is for people there, errors, and siptui's own log,
which stands in the log file either way.
"""

import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, TextIO

_OPTION = "--log-format"


def wanted(args: Sequence[str]) -> bool:
    """Whether the command line asks for it, even if it cannot be parsed."""
    words = list(args[: args.index("--")] if "--" in args else args)
    given = [word.partition("=")[2] for word in words if word.startswith(f"{_OPTION}=")]
    given += [after for word, after in pairwise(words) if word == _OPTION]
    return any(one.casefold() == "json" for one in given)


class JsonStream(io.TextIOBase):
    """A text stream whose lines go to `out` as JSON objects. The end of one is a line, too."""

    encoding = "utf-8"  # click asks for both
    errors = "backslashreplace"

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._begun = ""

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Take some text; its whole lines are written."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            if said := line.rpartition("\r")[2].strip():
                self.object(level="info", message=said)
        return len(text)

    def flush(self) -> None:
        """Nothing waits but the beginning of a line."""
        self._out.flush()

    def object(self, **fields: Any) -> None:
        """Write an object with these fields and the time."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._out.write(json.dumps({"at": at, **fields}, ensure_ascii=False) + "\n")
        self._out.flush()


@contextmanager
def json_on_stderr() -> Iterator[None]:
    """While the block runs, standard error and the log are JSON lines on standard error."""
    import logging  # what these bring along is not for the start of every command

    from siptui.logs.start import JsonLines

    before, logger = sys.stderr, logging.getLogger("siptui")
    stream, handler = JsonStream(before), logging.StreamHandler(before)
    handler.setFormatter(JsonLines())
    sys.stderr = stream
    logger.addHandler(handler)
    try:
        yield
    finally:
        stream.write("\n")
        logger.removeHandler(handler)
        sys.stderr = before
