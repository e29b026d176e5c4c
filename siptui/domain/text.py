"""Foreign text made harmless: what cannot be seen is made visible."""

import re
import unicodedata

# C0, DEL, C1, and the format characters that reorder, hide or join what is on the screen.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)


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
    return _HIDDEN.sub(_shown, text)


def folded(text: str) -> str:
    """A key for comparing names without regard to case or Unicode form."""
    return unicodedata.normalize("NFC", text).casefold()
