"""The log file: JSON lines, rotated, for this user alone, with nothing in it that is secret."""

import contextlib
import json
import logging
import os
import traceback
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import IO, Any

from siptui.domain.text import visible
from siptui.host.files import open_private, replace_file
from siptui.host.locks import HeldError, file_lock
from siptui.host.private_files import PrivateFileError, close_to_others, private_folder
from siptui.logs.secrets import without_secrets

NAME = "siptui.log"
MAX_BYTES = 2_000_000
KEPT = 5
#: The further fields a record may have; any other is left out.
FIELDS = (
    "attempt",
    "batch",
    "batch_id",
    "call",
    "correlation_id",
    "count",
    "failure",
    "host",
    "method",
    "path",
    "region",
    "retry_after",
    "run",
    "seconds",
    "service_headers",
    "status",
)


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """`record` as a line: when, how bad, from where, what, and the fields that are allowed."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
            "message": _clean(record.getMessage()),
        }
        for name in FIELDS:
            value = getattr(record, name, None)
            if value is not None:
                plain = isinstance(value, int | float) and not isinstance(value, bool)
                line[name] = value if plain else _clean(str(value))
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            line["error"] = f"{type(error).__name__}: {_clean(str(error))}"
            frames = traceback.extract_tb(error.__traceback__)
            line["trace"] = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]
        return json.dumps(line, ensure_ascii=False)


def _clean(text: str) -> str:
    return visible(without_secrets(text))[:4000]


class PrivateLog(WatchedFileHandler):
    """A file of mode 0600 that several processes may write and any of them may rotate."""

    def _open(self) -> IO[Any]:  # type: ignore[override]  # typeshed names the concrete class
        path = Path(self.baseFilename)
        fd = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        close_to_others(path)
        return os.fdopen(fd, "a", encoding="utf-8", errors="backslashreplace")

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`, to a new file if the old one is long."""
        with contextlib.suppress(OSError, PrivateFileError):  # a run goes on without a log
            self._rotate_if_long()
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """A full disk must not fill the screen as well."""

    def _rotate_if_long(self) -> None:
        path = Path(self.baseFilename)
        if not path.exists() or path.stat().st_size < MAX_BYTES:
            return
        with contextlib.suppress(HeldError), file_lock(path.with_name(f".{NAME}.lock")):
            if path.stat().st_size < MAX_BYTES:
                return  # another process was faster
            for number in range(KEPT - 1, 0, -1):
                older = path.with_name(f"{NAME}.{number}")
                if older.exists():
                    replace_file(older, path.with_name(f"{NAME}.{number + 1}"))
            replace_file(path, path.with_name(f"{NAME}.1"))


def start(folder: Path, level: str = "info") -> Path:
    """Log what siptui does to `folder`; the path of the file.

    `level` is debug, info, warning or error. Only siptui's own loggers write there: libraries
    log what they please. Called again, it changes place and level. Raises `PrivateFileError`.
    """
    path = private_folder(folder) / NAME
    logger = logging.getLogger("siptui")
    stop()
    handler = PrivateLog(path, delay=True)
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    logger.setLevel(level.upper())
    logger.propagate = False
    return path


def stop() -> None:
    """Log no more."""
    logger = logging.getLogger("siptui")
    for handler in list(logger.handlers):
        if isinstance(handler, PrivateLog):
            logger.removeHandler(handler)
            handler.close()
