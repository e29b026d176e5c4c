"""Names that Windows does not let a file have."""

import pytest

from siptui.domain.file_names import not_on_windows, windows_device


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("CON", "CON is a name"),
        ("aux.csv", "AUX is a name"),
        ("nul.tar.gz", "NUL is a name"),
        ("com1", "COM1 is a name"),
        ("LPT³.txt", "LPT³ is a name"),
        ("con .csv", "CON is a name"),
        ("con:x", "CON is a name"),
        ("x:y", "no names with :"),
        ('say "x"', 'no names with "'),
        ("what?", "no names with ?"),
        ("a\tb", "with a control character"),
        ("a.", "dot or a blank at the end"),
        ("a ", "dot or a blank at the end"),
    ],
)
def test_what_windows_does_not_have_says_why(name: str, why: str) -> None:
    assert why in not_on_windows(name)


@pytest.mark.parametrize(
    "name",
    ["a", "contoso.example", ".waits", "console", "com", "com10", "auxiliary.csv", "jörg", ""],
)
def test_other_names_are_left_alone(name: str) -> None:
    assert not not_on_windows(name)
    assert not windows_device(name)
