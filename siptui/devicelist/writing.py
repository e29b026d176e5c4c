"""Writing results: a CSV file that is a device list again, or JSON; whole or not at all."""

import contextlib
import csv
import io
import json
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from msgspec import Struct, field

from siptui.devicelist.cells import guard
from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.host.files import (
    flush_folder,
    in_full,
    name_open_file,
    open_private,
    require_usable_name,
)

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class WriteError(SiptuiError):
    """A file cannot be written. `code` is `exists`, `not_a_file`, `read_only` or `unwritable`."""

    title = "Cannot be written"
    code = "unwritable"


class ResultRow(Struct, frozen=True):
    """What became of one device, as it goes into a file. `attempt` counts from 1; 0 is none yet.
    `corrected_from` is what the list had for user name and hardware id, where that was corrected.
    """

    line: int
    user_name: str
    hardware_id: str
    region: str
    batch_id: str = ""
    state: str = ""
    attempt: int = 0
    error: str = ""
    cause: str = ""
    remedy: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    corrected_from: str = ""


def csv_text(rows: Iterable[ResultRow], *, raw: bool = False) -> str:
    """`rows` as CSV (RFC 4180), all fields quoted, CRLF at the end of each line.

    It begins with the columns of a device list, so it can be read as one. Values that a
    spreadsheet program would compute get a `'` in front, unless `raw`.
    """
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row.extra if name != CORRECTED))
    corrected = [CORRECTED] if any(row.corrected_from for row in rows) else []
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")

    def put(values: Iterable[object]) -> None:
        texts = (visible(str(value)) for value in values)
        writer.writerow(texts if raw else [guard(text) for text in texts])

    put([*LIST, *BLOCK, *corrected, *names])
    for row in rows:
        put(
            [
                *(row.user_name, row.hardware_id, row.region),
                *(row.line, row.state, row.error, row.cause, row.remedy),
                *(row.batch_id, row.attempt),
                *(row.corrected_from for _ in corrected),
                *(row.extra.get(name, "") for name in names),
            ]
        )
    return out.getvalue()


def json_text(run: str, rows: Iterable[ResultRow]) -> str:
    """`rows` of the run `run` as one JSON object, the shape `export --format json` prints."""
    devices = [
        {
            "line": row.line,
            "username": row.user_name,
            "hardware_id": row.hardware_id,
            "region": row.region,
            "batch_id": row.batch_id,
            "state": row.state,
            "attempt": row.attempt,
            "error": row.error or None,  # null where there is none, as in the lines of `run`
            "cause": row.cause or None,
            "remedy": row.remedy or None,
            "corrected_from": row.corrected_from or None,
            "extra": dict(row.extra),
        }
        for row in rows
    ]
    return json.dumps({"run": run, "devices": devices}, ensure_ascii=False, indent=2) + "\n"


def write_csv(
    path: Path, rows: Iterable[ResultRow], *, raw: bool = False, force: bool = False
) -> None:
    """Write `rows` as CSV to `path`, in UTF-8 with a byte order mark, which Excel needs."""
    write_new(path, csv_text(rows, raw=raw).encode("utf-8-sig", "backslashreplace"), force=force)


def write_json(path: Path, run: str, rows: Iterable[ResultRow], *, force: bool = False) -> None:
    """Write `rows` of the run `run` as JSON to `path`."""
    write_new(path, json_text(run, rows).encode("utf-8", "backslashreplace"), force=force)


def write_new(
    path: Path,
    data: bytes,
    *,
    force: bool = False,
    last_look: Callable[[], None] = lambda: None,
) -> None:
    """Make the file `path` of `data`, readable by this user alone, whole or not at all.

    A file that is there already is replaced with `force` only, a symbolic link, anything but a
    plain file or what is read-only never. Of two writers at the same moment one wins and the other
    is told. So it is where another user took the file away before it had its name. `last_look`
    raises what stands against it just before that. Raises `WriteError`.
    """
    path = in_full(path)
    _refuse(path, force)
    temporary = path.with_name(f".{path.name[:100]}.{os.urandom(6).hex()}.tmp")
    try:
        fd = open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            last_look()
            name_open_file(file.fileno(), temporary, path, replace=force)
        flush_folder(path.parent)
    except FileExistsError:
        raise _exists(path) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise WriteError(
            f"{visible(str(path))} cannot be written: {why}.",
            remedy="Choose a folder that exists and that you may write to, with room left.",
        ) from error
    finally:
        with contextlib.suppress(OSError, ValueError):
            temporary.unlink()


def _refuse(path: Path, force: bool) -> None:
    try:
        require_usable_name(path)
    except OSError as error:
        raise WriteError(
            f"{visible(str(path))} cannot be written: {error.strerror}.",
            remedy="Choose another name.",
        ) from error
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError):  # not there, or the writing itself will say what is wrong
        return
    if not stat.S_ISREG(mode):
        kind = "a symbolic link" if stat.S_ISLNK(mode) else "not a plain file"
        raise WriteError(
            f"{visible(str(path))} is {kind}.", code="not_a_file", remedy="Choose another name."
        )
    if not force:
        raise _exists(path)
    if not mode & _WRITABLE:  # a file system would let it be replaced all the same
        raise WriteError(
            f"{visible(str(path))} is read-only.",
            code="read_only",
            remedy="Choose another name, or take the read-only mark off the file.",
        )


def _exists(path: Path) -> WriteError:
    return WriteError(
        f"{visible(str(path))} exists already.",
        code="exists",
        remedy="Choose another name, or replace it with --force.",
    )


#: What a list needs; with these in front a results file is a device list.
LIST = ("Username", "HardwareId", "Region")
#: What a run adds. In this order behind `LIST` they mark a file that siptui wrote.
BLOCK = ("Line", "State", "Error", "Cause", "Remedy", "BatchId", "Attempt")
#: What stands behind them where names of the list were corrected.
CORRECTED = "CorrectedFrom"
#: What a run adds to a copy of the list it was made from. In this order they mark such a copy.
STATUS = ("Status", "Cause", "What to do", "Batch", "Finished")
