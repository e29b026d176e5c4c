"""Which port of an adapter a row is about, by the Port column and by the addresses of a list."""

from collections.abc import Sequence

import pytest

from siptui.devicelist.ports import Ports, plain_digits, port_in, second_ports
from siptui.domain.adapters import Adapter

MAC, OTHER = "0004F28124B3", "0004F28124B4"
ADAPTER = Adapter("MP-114", 4, 3)


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("1", 1),
        ("001", 1),
        ("288", 288),
        ("2.0", 2),
        ("2,00", 2),
        ("FXS 2", 2),
        ("port-3", 3),
        ("Analog#4", 4),
        ("line: 5", 5),
        ("Tel 6", 6),
        ("ch7", 7),
        ("Channel 8", 8),
        ("P9", 9),
        ("/10", 10),
        ("0", None),
        ("289", None),
        ("1000", None),
        ("Gi1/0/1", None),
        ("2nd", None),
        ("FXS", None),
        ("", None),
    ],
)
def test_the_port_that_a_cell_names(text: str, port: int | None) -> None:
    assert port_in(text) == port


@pytest.mark.parametrize(
    ("cell", "digits"),
    [
        ("00-04-F2-81-24-B3", MAC),
        ("00:04:f2:81:24:b3", MAC),
        ("0004.f281.24b3", MAC),
        ("00 04 F2 81 24 B3", MAC),
        ("SEP0004F28124B3", MAC),
        ("ata0004f28124b3", MAC),
        ("0004F28124B", ""),
        ("0004F28124B33", ""),
        ("Room 1", ""),
        ("", ""),
    ],
)
def test_the_digits_of_an_address(cell: str, digits: str) -> None:
    assert plain_digits(cell) == digits


def _ports(rows: Sequence[Sequence[str]] = (), header: str = "Port", named: bool = False) -> Ports:
    return Ports(rows, 1, 0, header, named=named)


@pytest.mark.parametrize(
    "header",
    ["FXS", "FXS port", "ATA port", "Analog port", "Analogue", "Adapter port", "Port (FXS)"],
)
def test_a_header_may_say_whose_ports_they_are(header: str) -> None:
    assert _ports(header=header).applies(None, MAC, "1")
    assert not _ports(header="Switch port").applies(None, MAC, "1")
    assert not _ports(header="Data port").applies(None, MAC, "1")


def test_a_port_counts_where_it_was_named_or_the_model_is_an_adapter() -> None:
    assert _ports(named=True).applies(None, MAC, "1")
    assert _ports().applies(ADAPTER, MAC, "1")
    assert not _ports().applies(None, MAC, "1")


@pytest.mark.parametrize(
    ("rows", "applies"),
    [
        ([[MAC, "1"], [MAC, "2"]], True),
        ([[MAC, "1"], ["00-04-f2-81-24-b3", "FXS 2"]], True),
        ([[MAC, "1"], [OTHER, "2"]], False),  # once each
        ([[MAC, "1"], [MAC, "1"]], False),  # the same port twice
        ([[MAC, "1"], [MAC, "Gi1/0/2"]], False),  # the port of a switch
        ([[MAC, "Gi1/0/1"], [MAC, "Gi1/0/2"]], False),
        ([[MAC, "1"], [MAC, "2"], [MAC, ""], [MAC]], True),  # what is empty says nothing
        ([[MAC, "1"], [MAC, ""]], False),
        ([["", "1"], ["", "2"]], False),
        ([["Room", "1"], ["Room", "2"]], False),
        ([[], [MAC, "1"]], False),
    ],
)
def test_an_address_with_a_port_of_its_own_in_each_row_is_an_adapter(
    rows: Sequence[Sequence[str]], applies: bool
) -> None:
    assert _ports(rows).applies(None, "00-04-F2-81-24-B3", "1") is applies
    assert not _ports(rows).applies(None, "00-04-F2-81-24-B4", "1")
    assert not _ports(rows).applies(None, "", "1")
    turned = [row[::-1] if len(row) == 2 else row for row in rows]
    other = Ports(turned, 0, 1, "Port", named=False)
    if all(len(row) == 2 for row in rows):
        assert other.applies(None, "00-04-F2-81-24-B3", "1") is applies


def test_a_column_that_is_left_alone_is_told_where_it_could_have_been_one() -> None:
    untouched, passed, words, joined, some = (_ports() for _ in range(5))
    assert untouched.decided() == ""
    passed.applies(None, MAC, "7")
    assert passed.decided() == (
        "“Port” was not joined to the MAC addresses, as no row is known as that of an adapter; if "
        "all are, say so: --column port=Port"
    )
    words.applies(None, MAC, "Gi1/0/1")
    assert words.decided() == ""
    joined.applies(ADAPTER, MAC, "1")
    assert joined.decided() == ""
    for adapter in (None, ADAPTER, None):
        some.applies(adapter, MAC, "1")
    assert some.decided() == ""


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["0004F28124B3", "04F28124B301"], {"04F28124B301": MAC}),
        (["04:F2:81:24:B3:01", "SEP0004F28124B3"], {"04F28124B301": MAC}),
        (["0004F28124B3:001", "ATA04F28124B301"], {"04F28124B301": MAC}),
        (["04F28124B301"], {}),
        (["0004F28124B3", "04F28124B302"], {}),
        (["0004F28124B3", "04F28124B302", "0004F2812401"], {}),
        (["0004F28124B4", "04F28124B301"], {}),
        (["Room 01", "", "x"], {}),
        # An address that would be the second port of itself.
        (["010101010101"], {}),
    ],
)
def test_the_second_port_of_an_adapter_in_a_list(
    cells: list[str], expected: dict[str, str]
) -> None:
    assert second_ports([[cell] for cell in cells], 0) == expected
    assert second_ports([["x", cell] for cell in cells] + [["x"], []], 1) == expected
