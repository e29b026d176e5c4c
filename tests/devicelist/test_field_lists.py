"""Lists as the field has them, each of which could not be read once, or was read wrongly."""

from pathlib import Path

import pytest

from siptui.devicelist import DeviceList, ListError, UndecidedError, read
from siptui.devicelist.file import read_twice
from siptui.domain.columns import named_headers
from siptui.domain.list_options import ListOptions
from siptui.domain.region import Region
from siptui.gateway.tenant_model import NumberType
from siptui.preflight.numbers import Wanted, wanted_number
from tests.devicelist.support import pairs, rules

FIELD = Path(__file__).parent.parent / "lists" / "field"
THREE = ["cap.lobby01@fabrikam.example", "cap.lobby02@fabrikam.example"]
THREE += ["cap.kitchen3@fabrikam.example"]


def field(name: str, *columns: str) -> DeviceList:
    options = ListOptions(named_headers(columns))
    return read(FIELD / name, region=Region.EMEA, options=options)


def refused(name: str) -> UndecidedError:
    with pytest.raises(UndecidedError) as caught:
        field(name)
    return caught.value


def suggestions(found: DeviceList) -> dict[int, str]:
    """By line what a fault proposes."""
    return {
        f.line: f.message.partition("did you mean ")[2].rstrip("?")
        for f in found.faults
        if f.severity == "error"
    }


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("title-row.csv", 3),
        ("comments.csv", 3),
        ("entra-bulk-template.csv", 2),
        ("two-header-rows.csv", 2),
        ("header-comma-rows-semicolon.csv", 1),
        ("quote-all-line-header.csv", 1),
        ("totals-row.csv", 1),
        ("double-utf8.csv", 1),
        ("webex-users.csv", 1),
        ("fusionpbx.csv", 1),
        ("lan-wlan-mac.csv", 1),
        ("wifi-mac-and-mac.csv", 1),
    ],
)
def test_these_hold_the_same_three_phones(name: str, line: int) -> None:
    found = field(name)
    assert [str(d.user_name) for d in found.devices] == THREE
    assert [d.hardware_id[-2:] for d in found.devices] == ["01", "02", "03"]
    assert found.header_line == line
    assert not found.has_errors
    if line > 1:
        assert f"The header was found in line {line}" in found.notes


def notes(name: str) -> str:
    return "\n".join(field(name).notes)


def test_what_was_read_otherwise_is_told() -> None:
    assert "divided by comma, the rows by semicolon" in notes("header-comma-rows-semicolon.csv")
    assert "quotation marks of one cell" in notes("quote-all-line-header.csv")
    assert "Line 6 left out: a totals row" in notes("totals-row.csv")
    assert "Line 7 left out: a comment" in notes("comments.csv")
    assert rules(field("double-utf8.csv"), "warning") == [(1, "", "mojibake")]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Raum,KÃ¶ln", ("KÃ¶ln", "Köln")),
        ("ŁÃ¶dÅº KÃ¶ln", ("KÃ¶ln", "Köln")),  # the first cannot have been written so
        ("Ã¶Ã KÃ¶ln", ("KÃ¶ln", "Köln")),  # nor is that UTF-8
        ("Köln, Ãn, Â", None),
        ("Koeln", None),
    ],
)
def test_a_word_of_which_utf8_was_read_otherwise_is_found(
    text: str, word: tuple[str, str] | None
) -> None:
    assert read_twice(text) == word


def test_a_commented_row_is_no_row() -> None:
    found = field("commented-row.csv")
    assert [line for line, _, _ in pairs(found)] == [2, 6]
    assert found.left_out == dict.fromkeys((3, 4, 5), "a comment")


def test_an_example_row_is_a_fault_without_a_suggestion() -> None:
    found = field("example-row.csv")
    assert len(found.devices) == 3
    assert {line for line, _, _ in rules(found)} == {2}
    assert not any(suggestions(found).values())


def test_persons_and_shared_accounts_are_asked_about() -> None:
    error = refused("user-and-account.csv")
    assert [option.header for option in error.question.options] == ["User", "Account"]
    assert len(field("user-and-account.csv", "username=Account").devices) == 2


@pytest.mark.parametrize("name", ["old-mac-only.csv", "pc-mac-only.csv"])
def test_the_address_of_another_device_is_not_guessed(name: str) -> None:
    error = refused(name)
    (option,) = error.question.options
    assert len(field(name, f"hardware_id={option.header}").devices) == 1


def test_of_two_columns_the_one_with_user_names_is_read() -> None:
    found = field("username-and-upn.csv")
    assert found.headers_read["username"] == "UPN"
    assert len(found.devices) == 2


def test_rows_that_contradict_each_other() -> None:
    found = field("swapped-phone.csv")
    assert found.devices == ()
    assert rules(found) == [(2, "MAC", "duplicate"), (3, "MAC", "duplicate")]


def test_an_apostrophe_in_a_header() -> None:
    assert len(field("fr-nom-dutilisateur.csv").devices) == 1


def test_characters_of_user_names() -> None:
    found = field("upn-chars.csv")
    assert [line for line, _, _ in pairs(found)] == [18, 19]
    assert suggestions(found) == {
        2: "lobby-1@fabrikam.example",
        3: "lobby-2@fabrikam.example",
        4: "o'neil@fabrikam.example",
        5: "müller@fabrikam.example",
        6: "lobby5@fabrikam.example",
        7: "lobby6@fabrikam.example",
        8: "lobby7@fabrikam.example",
        9: "lobby8@fabrikam.example",
        10: "",
        11: "",
        12: "lobby11@fabrikam.example",
        13: "",
        14: "",
        15: "",
        16: "lobby'15@fabrikam.example",
        17: "",
        20: "Lobby12@fabrikam.onmicrosoft.com",
        21: "",
    }


def test_mac_addresses_with_odd_characters() -> None:
    found = field("unicode-mac.csv")
    assert [line for line, _, _ in pairs(found)] == [7, 9, 10, 21, 22]
    proposed = suggestions(found)
    assert [line for line, text in proposed.items() if not text] == [18]  # two in one cell
    assert {text[:15] for text in proposed.values() if text} == {"80-5E-C0-11-22-"}
    assert "Excel" not in "".join(fault.message for fault in found.faults)


def test_what_excel_makes_of_a_mac_address() -> None:
    found = field("excel-en-infinity.csv")
    assert [line for line, _, _ in pairs(found)] == [3, 4]
    assert len(found.faults) == 10
    assert all("Excel" in fault.message for fault in found.faults)


def test_ports_of_adapters() -> None:
    found = field("ata-ports.csv")
    assert [d.hardware_id for d in found.devices] == [
        f"00-90-8F-11-22-33:00{port}" for port in range(1, 7)
    ]
    assert found.faults == ()
    found = field("ata-ports.csv", "port=")
    assert {rule for _, _, rule in rules(found)} == {"port_missing"}
    assert "an MP-118 has 8 ports" in found.faults[0].message


def test_forms_of_ports() -> None:
    found = field("ata-port-forms.csv")
    assert [line for line, _, _ in pairs(found)] == [4, 6]
    assert suggestions(found) == {
        line: f"00-90-8F-11-22-33:00{line - 1}" for line in (2, 3, 5, 7, 8, 10)
    } | {9: "90-90-8F-11-22-33:001"}


def test_the_second_port_as_cucm_names_it() -> None:
    found = field("cucm-ata190.csv")
    assert [line for line, _, _ in pairs(found)] == [2]
    assert rules(found) == [(3, "Device Name", "second_port")]
    assert suggestions(found) == {3: "00-90-8F-11-22-33:002"}


def test_a_column_of_other_regions_can_be_left_out() -> None:
    error = refused("region-geo.csv")
    assert error.code == "region_column"
    assert "--column region=" in error.remedy
    found = field("region-geo.csv", "region=")
    assert {d.region for d in found.devices} == {Region.EMEA}
    assert found.devices[0].extra == {"Region": "Bavaria"}


def test_the_kind_of_a_number() -> None:
    devices = field("phonenumbertype.csv").devices
    wanted = [wanted_number(device, NumberType.DIRECT_ROUTING) for device in devices[:2]]
    assert wanted == [
        Wanted("+49305550101", NumberType.CALLING_PLAN),
        Wanted("+49305550102", NumberType.OPERATOR_CONNECT),
    ]


@pytest.mark.parametrize(("name", "says"), [("report.xls", "HTML table"), ("list.json", "JSON")])
def test_what_is_no_list_is_called_what_it_is(name: str, says: str) -> None:
    with pytest.raises(ListError, match=says) as caught:
        field(name)
    assert caught.value.remedy
