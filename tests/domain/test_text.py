import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.text import visible


def test_no_control_or_format_character_of_unicode_gets_through() -> None:
    for point in range(sys.maxunicode + 1):
        char = chr(point)
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            shown = visible(char)
            assert shown.isascii(), hex(point)
            assert shown.isprintable(), hex(point)


@given(st.text())
def test_once_is_enough_and_nothing_else_changes(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    if text.isprintable() and text.isascii():
        assert shown == text


def test_letters_of_all_scripts_stay() -> None:
    for text in ("Büro Zürich", "東京", "Αθήνα", "☎ 1", "é"):
        assert visible(text) == text
