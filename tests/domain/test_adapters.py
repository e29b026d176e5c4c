"""Which adapter the words of a model name, and how many of its ports are served."""

import re

import pytest

from siptui.domain.adapters import MOST_PORTS, Adapter, adapter_in

#: Microsoft Learn, "Plan SIP Gateway".
TABLE = {
    "MP-112": (2, 2),
    "MP-114": (4, 3),
    "MP-118": (8, 6),
    "MP-124": (24, 18),
    "MP-1288": (288, 288),
    "MP-502": (2, 2),
    "MP-504": (4, 4),
    "MP-508": (8, 8),
    "MP-516": (16, 16),
    "MP-524": (24, 24),
    "MP-532": (32, 32),
    "ATA 190": (2, 2),
    "ATA 191": (2, 2),
    "ATA 192": (2, 2),
    "ATA 400": (1, 1),
    "ATA 402": (2, 2),
    "OBi300": (1, 1),
    "OBi302": (2, 2),
}


@pytest.mark.parametrize("name", TABLE)
def test_each_adapter_is_known_in_whatever_form(name: str) -> None:
    letters, digits = re.split(r"(?<=[A-Za-z])[- ]?(?=\d)", name)
    for text in (
        name,
        name.upper(),
        f"Maker {letters.lower()}{digits} FXS",
        f"{letters}-{digits}",
        f"({letters} {digits})",
    ):
        assert adapter_in(text) == Adapter(name, *TABLE[name])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "MP-113",
        "MP-11",
        "MP-12888",
        "MP-1188",
        "ATA 193",
        "ATA 19",
        "OBi303",
        "XMP-118",
        "T46U",
    ],
)
def test_another_model_is_none(text: str) -> None:
    assert adapter_in(text) is None


def test_no_adapter_has_more_ports() -> None:
    assert max(ports for ports, _ in TABLE.values()) == MOST_PORTS
