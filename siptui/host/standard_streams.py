"""Standard output and error that no locale, full disk or closed pipe can make fail.

What the encoding of the terminal lacks is replaced. Once the system takes no more (`> /dev/full`, a
reader that went away), the rest is dropped and the first error kept: a run in the middle of a batch
must not end because its output cannot be written.
"""

import codecs
import io
import os
import sys

# Not of `typing`: this is imported before anything else, and needs nothing that Python has not
# loaded by then.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_HANDLER, _CELLS = "siptui-replace", "siptui-cells"
#: Signs of ours, and what replaces them where they cannot be shown. Letters get a `?`: another
#: letter in a user name would be another account.
_SIGNS = {
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’‚‹›", "'"),
    **dict.fromkeys("–—−‐‑─━═", "-"),
    **dict.fromkeys("│┃║▏▎▌█", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰", "+"),
    **dict.fromkeys("•·●■", "*"),
    "…": "...",
    "→": "->",
    "←": "<-",
    "↑": "^",
    "↓": "v",
    "✓": "+",
    "✗": "x",
    "○": "o",
    # By number: by name Python would load a module, perhaps one planted in the current folder.
    "\u00a0": " ",
    "\u202f": " ",
    "⚠": "!",
}


def open_closed_streams() -> None:
    """Open the null device in the place of standard streams that were closed (`siptui … <&- >&-`).

    Python has none then, and the next file that is opened gets their number: what a program
    started from here prints would go into the journal.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(null, null == number)
            setattr(sys, name, os.fdopen(null, mode, encoding="utf-8"))


def make_unbreakable() -> None:
    """Put such streams in the place of `sys.stdout` and `sys.stderr`. Twice does no harm."""
    codecs.register_error(_HANDLER, _replaced)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper) or isinstance(stream, _Stream):
            continue
        try:
            stream.flush()
            number = stream.fileno()
        except (OSError, ValueError):
            continue
        console = getattr(stream.buffer, "raw", None) if _is_console(number) else None
        made = _Stream(
            _Kept(number, console), stream.encoding, line_buffering=stream.line_buffering
        )
        setattr(sys, name, made)


def fit_screen() -> None:
    """Let the console draw where the terminal lacks its signs, too: one column for each column."""
    stream = sys.__stderr__
    if isinstance(stream, io.TextIOWrapper):
        codecs.register_error(_CELLS, _replaced_by_cells)
        stream.reconfigure(errors=_CELLS)


def write_utf8() -> None:
    """Let standard output be in UTF-8 whatever the locale is: for JSON, and files of data."""
    if isinstance(sys.stdout, _Stream):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def output_error() -> OSError | None:
    """Why standard output could not be written, if it could not."""
    stream = sys.stdout
    return stream.kept.error if isinstance(stream, _Stream) else None


def _is_console(number: int) -> bool:
    """Whether it is a console of Windows, to which Python writes characters and not bytes."""
    return sys.platform == "win32" and os.isatty(number)


class _Kept(io.RawIOBase):
    """The file descriptor `number`, until it fails for the first time; `error` says how. A console
    of Windows is written to through what Python has for it."""

    def __init__(self, number: int, console: io.RawIOBase | None = None) -> None:
        self._number = number
        self._console = console
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def write(self, data: "ReadableBuffer") -> int:
        """All of `data`, or as if it were."""
        left = memoryview(data).cast("B")
        size = len(left)
        while left and self.error is None:
            try:
                left = left[self._write(left) :]
            except BlockingIOError:  # another program shares the terminal and made it so
                import select

                select.select([], [self._number], [])
            except OSError as error:
                self.error = error
        return size

    def _write(self, data: memoryview) -> int:
        if self._console is not None:
            return self._console.write(data) or 0
        return os.write(self._number, data)


class _Stream(io.TextIOWrapper):
    """Text over `_Kept`."""

    def __init__(self, kept: _Kept, encoding: str, *, line_buffering: bool) -> None:
        # Written through to the buffer, as `print` to a file is; flushed by line on a terminal.
        buffer = io.BufferedWriter(kept)
        super().__init__(buffer, encoding, _HANDLER, line_buffering=line_buffering)
        self.kept = kept


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """For `codecs.register_error`: what replaces what cannot be encoded."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    shown = "".join(_SIGNS.get(sign, "?") for sign in missing)
    return shown, error.end


def _replaced_by_cells(error: UnicodeError) -> tuple[str, int]:
    """As `_replaced`, in as many columns as the signs would have taken."""
    import unicodedata

    if not isinstance(error, UnicodeEncodeError):
        raise error
    shown = ""
    for sign in error.object[error.start : error.end]:
        if not unicodedata.combining(sign):
            wide = unicodedata.east_asian_width(sign) in "WF"
            shown += "??" if wide else _SIGNS.get(sign, "?")[-1]
    return shown, error.end
