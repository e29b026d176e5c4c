"""Foreign text made harmless: what cannot be seen is made visible."""

import re
import shlex
import unicodedata

from siptui.domain.patterns import regex

# C0, DEL, C1; every format character (they reorder, hide or join what is on the screen), line and
# paragraph separators, lone surrogates, and the letters that are drawn as nothing. A character
# class as `re` reads it.
HIDDEN = (
    r"[\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160"
    r"\u17b4-\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0"
    r"\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
_HIDDEN = regex(HIDDEN)


def _shown(match: re.Match[str]) -> str:
    point = ord(match.group())
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def visible(text: str) -> str:
    r"""`text` with control, format and lone surrogate characters written as `\x1b` or `\u202e`.

    Applied to everything foreign (cells, server texts, names) where it is read in, so that no
    terminal, log or report downstream can be steered by it.
    """
    if text.isascii() and text.isprintable():  # nearly all of them, without a regular expression
        return text
    return _HIDDEN.sub(_shown, text)


def shell_word(text: str) -> str:
    """`text` made visible, as one word of a command that is pasted into a shell."""
    return shlex.quote(visible(text))


def plural(count: int, noun: str) -> str:
    """`count` with its noun: `1 batch`, `5 batches`, `1,200 devices`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun}{'es' if noun.endswith(('h', 's')) else 's'}"


def folded(text: str) -> str:
    """A key for comparing names without regard to case or Unicode form."""
    return unicodedata.normalize("NFC", text).casefold()
