"""What a terminal sends, cut into whole pieces: characters, sequences, pastes. No Textual here.

A terminal sends keys, mouse and its own answers as one stream of characters. Read character by
character, a sequence that is not known (an answer to another program, a key of another terminal)
falls apart into letters, and letters are commands. So sequences are cut out by their form alone
(ECMA-48, and xterm's bracketed paste), known or not, before it is asked what they mean.

Escape and a letter that arrive together are Escape, then the letter: over a slow link these cannot
tell them from Alt with the letter, and no key here takes Alt. Only what is known for editing with
Alt stays in one piece. Escape with a character that begins a sequence is Escape alone.
"""

from collections.abc import Callable, Iterator
from enum import Enum, auto

from msgspec import Struct

_ESC = "\x1b"
#: Alt with b, f, Backspace and Tab, as macOS and readline have them.
_WITH_ALT = frozenset("bf\x7f\t")
#: Device control, operating system command, privacy message, application command, start of string.
_STRINGS = frozenset("P]^_X")
_PASTE, _PASTE_END = f"{_ESC}[200~", f"{_ESC}[201~"
#: Seconds until what began like a sequence is given up: as long as a link may stand still.
_GIVEN_UP = 1.0


class Kind(Enum):
    """What a piece is."""

    CHARACTER = auto()
    ESCAPE = auto()
    SEQUENCE = auto()
    PASTE = auto()


class Piece(Struct, frozen=True):
    """A character, the Escape key, a whole sequence, or the text of a paste."""

    kind: Kind
    text: str


_ESCAPE = Piece(Kind.ESCAPE, _ESC)


class Sequences:
    """Takes characters as they come and gives whole pieces. `delay` are the seconds after which an
    Escape with nothing behind it was the key; `now` is a clock in seconds."""

    def __init__(self, delay: float, now: Callable[[], float]) -> None:
        self._delay = delay
        self._now = now
        self._begun = ""  # of a sequence
        self._paste: list[str] | None = None
        self._until: float | None = None

    def feed(self, text: str) -> Iterator[Piece]:
        """The pieces that are whole with `text`."""
        for character in text:
            yield from self._take(character)
        waits = self._begun and (self._paste is None or self._begun == _ESC)
        patience = self._delay if self._begun == _ESC and self._paste is None else _GIVEN_UP
        self._until = self._now() + patience if waits else None

    def tick(self) -> Iterator[Piece]:
        """What is known only because nothing came: that Escape was pressed."""
        if self._until is None or self._now() < self._until:
            return
        # A paste whose end was lost takes every key; Escape alone ends it.
        began, self._begun, self._until, self._paste = self._begun, "", None, None
        if len(began) <= 2 or began.endswith(_ESC):  # no more than what could begin a sequence
            yield _ESCAPE

    def _take(self, character: str) -> Iterator[Piece]:
        if self._paste is not None:
            yield from self._pasted(character)
        elif not self._begun:
            if character == _ESC:
                self._begun = _ESC
            else:
                yield Piece(Kind.CHARACTER, character)
        elif character == _ESC:
            if self._begun == _ESC:
                yield _ESCAPE
            self._begun = f"{self._begun[:2]}{_ESC}" if self._in_string else _ESC
        elif self._begun == _ESC:
            yield from self._after_escape(character)
        elif self._in_string:
            yield from self._in_a_string(character)
        else:
            yield from self._in_a_sequence(character)

    @property
    def _in_string(self) -> bool:
        return len(self._begun) > 1 and self._begun[1] in _STRINGS

    def _after_escape(self, character: str) -> Iterator[Piece]:
        if character in "[O" or character in _STRINGS:
            self._begun += character
            return
        self._begun = ""
        if character in _WITH_ALT:
            yield Piece(Kind.SEQUENCE, _ESC + character)
        else:
            yield _ESCAPE
            yield Piece(Kind.CHARACTER, character)

    def _in_a_string(self, character: str) -> Iterator[Piece]:
        """What it says is not for us; it ends with BEL, or with Escape and a backslash. Escape
        with anything else begins something new."""
        escaped = self._begun.endswith(_ESC)
        if character == "\x07" or (escaped and character == "\\"):
            self._begun = ""
        elif escaped:
            self._begun = _ESC
            yield from self._after_escape(character)
        else:
            self._begun = f"{self._begun[:2]}."  # that there is something is all that counts

    def _in_a_sequence(self, character: str) -> Iterator[Piece]:
        begun = self._begun + character
        body = begun[2:]
        # Linux has F1 to F5 as Escape [ [ and a letter; the mouse of old is Escape [ M and three.
        whole = len(body) == 4 if body.startswith("M") else len(body) == 2 and body[0] == "["
        if begun[1] == "[" and body[0] in "[M":
            self._begun = "" if whole else begun
            if whole:
                yield Piece(Kind.SEQUENCE, begun)
        elif " " <= character <= "?":
            self._begun = begun if len(begun) < 64 else f"{begun[:2]}?"
        else:
            self._begun = ""
            if begun == _PASTE:
                self._paste = []
            elif "@" <= character <= "~" and begun != _PASTE_END:
                yield Piece(Kind.SEQUENCE, begun)

    def _pasted(self, character: str) -> Iterator[Piece]:
        assert self._paste is not None
        self._paste.append(character)
        begun = self._begun + character
        self._begun = begun if _PASTE_END.startswith(begun) else _ESC if character == _ESC else ""
        if self._begun == _PASTE_END:
            text = "".join(self._paste)[: -len(_PASTE_END)]
            self._begun, self._paste = "", None
            yield Piece(Kind.PASTE, text)
