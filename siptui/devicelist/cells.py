"""One cell: what spreadsheet programs put around a value, taken off and put on."""

import re

from siptui.domain.patterns import regex
from siptui.domain.text import visible

#: Excel's own limit for a cell; no user name or MAC address comes near it.
MAX_CELL = 32_767
#: What the cells of a workbook may come to, as the process that reads it tells them: a text may
#: stand in the file once and in a million cells.
MAX_ANSWER = 128 * 1024 * 1024
#: What a spreadsheet program takes for a formula (OWASP, "CSV Injection"), in full width as well.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
#: What replaces the value of a formula of a workbook that is not in the file.
NO_VALUE = "(formula without its value)"

#: White space and what is drawn as nothing, at the ends of a cell.
EDGE = " \t\r\n\xa0\xad\u1680\u180e\u3000\ufeff" + "".join(
    chr(code)
    for first, last in ((0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F))
    for code in range(first, last + 1)
)
_SIGNS = r"=+\-@\t\r＝＋－＠"
_GUARD = regex(rf"^'+(?=[{_SIGNS}])")
# Where a program that separates by another character would cut the cell, a formula may begin as
# well. Behind a comma and a blank it is far more often a number: "Room 3, +49 30 1234".
_CUT = r'(?:,"*|[;|\t][\s"]*)'
_INSIDE = regex(rf"({_CUT})(?=[{_SIGNS}])")
_INSIDE_GUARD = regex(rf"({_CUT})'+(?=[{_SIGNS}])")
_UNWRAP = regex(r'^="(.*)"$', re.DOTALL)
_SPECIAL = ("'", "=", '"')


class NumberText(str):
    """The text of a cell that holds a number, as the sheet of a workbook has it."""

    __slots__ = ()


def clean(cell: str) -> str:
    """The value meant by `cell`: without blanks around it, Excel's `="…"` or a formula guard.

    Control and format characters inside are made visible. Cleaning twice changes nothing.
    """
    while True:
        value = cell.strip(EDGE)
        if value.startswith(_SPECIAL):
            value = _GUARD.sub("", value)
            if wrapped := _UNWRAP.match(value):
                value = wrapped.group(1).replace('""', '"')
        if "'" in value:
            value = _INSIDE_GUARD.sub(r"\1", value)
        if value == cell:
            return visible(value)
        cell = value


def guard(value: str) -> str:
    """`value` so that a spreadsheet program shows it and does not compute it, whatever character
    it takes for the one between cells."""
    if value.startswith(FORMULA):
        value = "'" + value
    return _INSIDE.sub(r"\1'", value)


def column_letters(place: int) -> str:
    """The letters of a column counted from 0: A, …, Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_place(letters: str) -> int:
    """The place of the column with these letters, counted from 0."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
