"""Which column is what: by what its cells hold as well as by its name."""

from pathlib import Path

import pytest

from siptui.devicelist import ListError, UndecidedError, csv_text, read
from siptui.devicelist.column_choice import looks_like_hardware
from siptui.devicelist.writing import ResultRow
from siptui.domain.columns import NOT_MAPPED, Mapped, named_headers
from siptui.domain.list_options import ListOptions
from siptui.domain.region import Region
from tests.devicelist.support import pairs, read_text, rules

PERSONS = "jane@c.de", "john@c.de"
SHARED = "lobby1@c.de", "lobby2@c.de"
MACS = "0004F28124B3", "0004F28124B4"
OTHER = "0004F28124F3", "0004F28124F4"
ONE = [(2, "lobby1@c.de", "00-04-F2-81-24-B3"), (3, "lobby2@c.de", "00-04-F2-81-24-B4")]


def table(**columns: tuple[str, str]) -> str:
    """A list of two rows; `_` in a name stands for a blank."""
    head = ";".join(name.replace("_", " ") for name in columns)
    return "\n".join([head, *(";".join(row) for row in zip(*columns.values(), strict=True)), ""])


@pytest.mark.parametrize(
    "names",
    [
        ("User", "Account"),
        ("Username", "Email"),
        ("UPN", "Benutzer"),
        ("Primary user UPN", "Teams account"),
        ("Username", "Shared mailbox"),
        ("Username", "Assignee"),
    ],
)
def test_two_columns_of_different_user_names_are_asked_about(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    text = table(**{names[0]: PERSONS, names[1]: SHARED, "MAC": MACS})
    with pytest.raises(UndecidedError) as caught:
        read_text(tmp_path, text)
    error = caught.value
    assert (error.code, error.exit_code, error.question.key) == ("ambiguous_header", 2, "username")
    assert {option.header for option in error.question.options} == set(names)
    assert error.question.options[0].samples in (PERSONS, SHARED)
    for name in names:
        assert f"“{name}”" in error.message
        assert f"username={name}" in error.remedy
        given = Mapped({"username": (name,)}, "--column", frozenset(["username"]))
        found = read(tmp_path / "list.csv", region=Region.EMEA, options=ListOptions(given))
        assert len(found.devices) == 2
        assert found.headers_read == {"username": name, "hardware_id": "MAC"}


@pytest.mark.parametrize(
    "names", [("MAC", "Phone MAC"), ("MAC address", "Device ID"), ("HardwareId", "Base unit")]
)
def test_two_columns_of_different_hardware_ids_are_asked_about(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    with pytest.raises(UndecidedError) as caught:
        read_text(tmp_path, table(**{"UPN": SHARED, names[0]: MACS, names[1]: OTHER}))
    assert caught.value.question.key == "hardware_id"
    assert {option.header for option in caught.value.question.options} == set(names)


@pytest.mark.parametrize(
    "other",
    [
        {"Email": SHARED},
        {"SIP_address": ("sip:LOBBY1@c.de", "")},
        {"Email": ("", "n/a")},
        {"Contact_e-mail": PERSONS},
        {"Owner": PERSONS},
        {"Requested_by": PERSONS},
        {"Ansprechpartner": PERSONS},
        {"Old_MAC": OTHER},
        {"PC_MAC": OTHER},
        {"WLAN-MAC": OTHER},
        {"WiFiMacAddress": OTHER},
        {"Bluetooth_MAC": OTHER},
        {"switch_mac": OTHER},
        {"oldmac": OTHER},
        {"Device_name": ("Lobby 1", "Lobby 2")},
        {"Device_ID": ("SEP0004F28124B3", "SEP0004F28124B4")},
        {"Serial": OTHER},
        {"Fax": ("493055500001", "493055500002")},
    ],
    ids=lambda other: next(iter(other)),
)
def test_columns_that_say_the_same_or_are_of_others_are_no_question(
    tmp_path: Path, other: dict[str, tuple[str, str]]
) -> None:
    found = read_text(tmp_path, table(**other, UPN=SHARED, MAC=MACS))
    assert pairs(found) == ONE
    assert found.headers_read["username"] == "UPN"
    assert found.headers_read["hardware_id"] == "MAC"


@pytest.mark.parametrize(
    ("columns", "key", "proposed"),
    [
        ({"UPN": SHARED, "Old_MAC": MACS}, "hardware_id", "Old MAC"),
        ({"UPN": SHARED, "PC_MAC": MACS}, "hardware_id", "PC MAC"),
        ({"UPN": SHARED, "WLAN": MACS}, "hardware_id", "WLAN"),
        *(
            ({"UPN": SHARED, name: MACS}, "hardware_id", name)
            for name in (
                *("W-LAN-MAC", "MAC wlan0", "Wlan1MAC", "802.11 MAC", "MAC (802.11ax)", "AP MAC"),
                *("MAC before swap", "Returned MAC", "Decommissioned MAC", "Spare MAC"),
                *("Camera MAC", "Docking station MAC", "Server MAC", "Default Gateway MAC"),
            )
        ),
        ({"UPN": SHARED, "Netz": MACS}, "hardware_id", "Netz"),
        ({"Assignee": SHARED, "MAC": MACS}, "username", "Assignee"),
        ({"Contact": SHARED, "MAC": MACS}, "username", "Contact"),
        ({"Username": ("1001", "1002"), "Mailbox": SHARED, "MAC": MACS}, "username", "Mailbox"),
    ],
)
def test_a_column_that_is_not_known_by_its_name_is_proposed(
    tmp_path: Path, columns: dict[str, tuple[str, str]], key: str, proposed: str
) -> None:
    with pytest.raises(UndecidedError) as caught:
        read_text(tmp_path, table(**columns))
    assert caught.value.question.key == key
    assert [option.header for option in caught.value.question.options] == [proposed]
    assert proposed in caught.value.remedy


def test_a_column_is_taken_for_what_it_holds(tmp_path: Path) -> None:
    found = read_text(tmp_path, table(Username=("1001", "1002"), UPN=SHARED, MAC=MACS))
    assert pairs(found) == ONE
    assert rules(found, "warning") == [(1, "UPN", "several_columns")]
    assert found.columns[0].instead_of == ("Username",)
    found = read_text(tmp_path, table(UPN=SHARED, Device_name=("a", "b"), MAC=MACS))
    assert found.headers_read["hardware_id"] == "MAC"


def test_a_column_may_be_known_by_a_part_of_its_name(tmp_path: Path) -> None:
    text = "Raum;Account (UPN);Geräte-MAC\nR1;a@contoso.com;0004.F281.24B3\n"
    found = read_text(tmp_path, text)
    assert pairs(found) == [(2, "a@contoso.com", "00-04-F2-81-24-B3")]
    assert rules(found, "warning") == [
        (1, "Account (UPN)", "column_guessed"),
        (1, "Geräte-MAC", "column_guessed"),
    ]


def test_of_an_old_and_a_new_one_the_new_one_is_read(tmp_path: Path) -> None:
    found = read_text(tmp_path, table(UPN=SHARED, Old_MAC=OTHER, New_MAC=MACS))
    assert pairs(found) == ONE


def test_columns_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    text = "Username,MAC,mac\na@c.de,0004F28124B3,0004F28124B4\n"
    with pytest.raises(UndecidedError) as caught:
        read_text(tmp_path, text)
    assert [option.header for option in caught.value.question.options] == ["MAC", "mac"]
    for name, end in (("MAC", "B3"), ("mac", "B4")):
        given = Mapped({"hardware_id": (name,)}, "--column", frozenset(["hardware_id"]))
        (device,) = read(
            tmp_path / "list.csv", region=Region.EMEA, options=ListOptions(given)
        ).devices
        assert device.hardware_id.endswith(end)
    with pytest.raises(UndecidedError) as caught:
        read_text(tmp_path, text.replace("mac", "MAC"))
    assert [option.header for option in caught.value.question.options] == ["MAC", "MAC (2)"]
    given = Mapped({"hardware_id": ("MAC (2)",)}, "--column", frozenset(["hardware_id"]))
    (device,) = read(tmp_path / "list.csv", region=Region.EMEA, options=ListOptions(given)).devices
    assert device.hardware_id.endswith("B4")


def test_a_list_that_siptui_wrote_needs_no_answer(tmp_path: Path) -> None:
    rows = [ResultRow(2, "a@c.de", "00-04-F2-81-24-B3", "EMEA", extra={"User": "jane@c.de"})]
    (tmp_path / "list.csv").write_text(csv_text(rows))
    for columns in (NOT_MAPPED, Mapped({"username": ("User",)}, "config.toml")):
        (device,) = read(tmp_path / "list.csv", options=ListOptions(columns)).devices
        assert device.user_name == "a@c.de"


def test_the_reason_for_each_column_is_kept(tmp_path: Path) -> None:
    found = read_text(tmp_path, table(UPN=SHARED, MAC=MACS, Location=("Berlin", "Bonn")))
    assert [(read.key, read.header) for read in found.columns] == [
        ("username", "UPN"),
        ("hardware_id", "MAC"),
        ("site", "Location"),
    ]
    assert found.columns[0].sentence() == "user name from “UPN” (one of the usual names)"


def test_headers_without_any_device_below_are_still_an_error(tmp_path: Path) -> None:
    with pytest.raises(ListError) as caught:
        read_text(tmp_path, "Room;Phone\n1;2\n")
    assert caught.value.code == "header"


GEO = "UPN,MAC,Geo\na@c.de,0004F28124B3,NOAM\nb@c.de,0004F28124B4,noam\n"


@pytest.mark.parametrize(
    ("text", "region", "code"),
    [
        (GEO, Region.EMEA, "region_contradicts"),
        (GEO, None, "region_column"),
        (GEO.replace("Geo", "SDG Region"), Region.EMEA, "region_contradicts"),
        (GEO.replace("Geo", "SDG Region"), None, "region_column"),
        (GEO.replace("noam", "AMER"), Region.NOAM, "region_contradicts"),
        (
            GEO.replace("NOAM", "EMEA").replace("noam", "Americas"),
            Region.EMEA,
            "region_contradicts",
        ),
        (GEO.replace("noam", "EMEA"), Region.EMEA, "region_contradicts"),
        (GEO.replace("Geo", "Region").replace("NOAM", "DACH").replace("noam", "UK"), None, ""),
        ("UPN,MAC,Region,Geo\na@c.de,0004F28124B3,,NOAM\n", Region.EMEA, "region_contradicts"),
        # Not every row needs to say a region, and not every region is spelled as the service does.
        (GEO.replace("noam", "n/a"), Region.EMEA, "region_contradicts"),
        (GEO.replace("noam", ""), Region.EMEA, "region_contradicts"),
        (GEO + "c@c.de,0004F28124B5,DACH\n", Region.EMEA, "region_contradicts"),
        (GEO + "c@c.de,0004F28124B5,\nd@c.de,0004F28124B6,\n" * 2, None, "region_column"),
        (GEO.replace("NOAM", "Asia-Pacific").replace("noam", "Asia"), Region.EMEA, ""),
        (GEO.replace("Geo", "Theatre").replace("NOAM", "NA").replace("noam", "NA"), None, ""),
        (GEO.replace("Geo", "Site"), Region.EMEA, "region_contradicts"),
        (GEO.replace("noam", "EMEA Hub"), Region.NOAM, "region_contradicts"),
        # Two columns that both say a region, and not the same.
        ("UPN,MAC,Region,Geo\na@c.de,0004F28124B3,EMEA,NOAM\n", None, "region_columns"),
        ("UPN,MAC,Region,Region\na@c.de,0004F28124B3,EMEA,NOAM\n", Region.EMEA, "region_columns"),
        ("UPN,MAC,Region,SDG Region\na@c.de,0004F28124B3,DACH,NOAM\n", None, "region_column"),
    ],
)
def test_a_column_of_regions_is_no_trap(
    tmp_path: Path, text: str, region: Region | None, code: str
) -> None:
    with pytest.raises(UndecidedError) as caught:
        read_text(tmp_path, text, region=region)
    assert caught.value.code == code or not code
    assert caught.value.question.key == "region"
    assert "--column region=" in caught.value.remedy


def test_a_column_of_other_regions_may_stand_beside_the_one_that_is_meant(tmp_path: Path) -> None:
    text = "UPN,MAC,Region,SDG Region\na@c.de,0004F28124B3,DACH,NOAM\n"
    with pytest.raises(UndecidedError) as caught:
        read_text(tmp_path, text)
    assert [option.header for option in caught.value.question.options] == ["SDG Region", ""]
    options = ListOptions(named_headers(["region="]))
    assert (
        "“SDG Region” says NOAM and is not read"
        in read_text(tmp_path, text, options=options).decided
    )


def test_where_a_region_column_is_empty_the_default_is_told(tmp_path: Path) -> None:
    text = "UPN,MAC,Region\na@c.de,0004F28124B3,NOAM\nb@c.de,0004F28124B4,\n"
    assert "“Region” is empty in 1 row; EMEA counts there" in read_text(tmp_path, text).decided


def test_a_column_of_regions_is_read_or_left_out_on_the_operators_word(tmp_path: Path) -> None:
    for text in (GEO, GEO.replace("noam", "n/a"), GEO.replace("noam", "")):
        found = read_text(tmp_path, text, region=Region.NOAM)
        assert len(found.devices) == 2
        assert "“Geo” says NOAM as well" in found.decided
    for given, regions in (("region=Geo", {Region.NOAM}), ("region=", {Region.EMEA})):
        options = ListOptions(named_headers([given]))
        found = read_text(tmp_path, GEO, region=Region.EMEA, options=options)
        assert {device.region for device in found.devices} == regions


def test_a_list_with_a_region_column_of_its_own_needs_no_other(tmp_path: Path) -> None:
    text = "UPN,MAC,Region,Sales\na@c.de,0004F28124B3,NOAM,EMEA\n"
    (device,) = read_text(tmp_path, text).devices
    assert device.region is Region.NOAM


SWITCH = "UPN,MAC,Model,Port\na@c.de,0004F28124B3,T46U,12\nb@c.de,0004F28124B4,T46U,7\n"


def test_the_port_of_a_switch_is_left_alone(tmp_path: Path) -> None:
    found = read_text(tmp_path, SWITCH)
    assert [d.hardware_id.port for d in found.devices] == [None, None]
    assert any("“Port” was not joined" in note for note in found.decided)
    words = read_text(tmp_path, SWITCH.replace(",12", ",Gi1/0/1").replace(",7", ",Gi1/0/2"))
    assert not any("joined" in note for note in words.decided)


@pytest.mark.parametrize(
    ("text", "options", "ports"),
    [
        (SWITCH.replace("Port", "FXS port"), [], [12, 7]),
        (SWITCH, ["port=Port"], [12, 7]),
        (SWITCH.replace("B4", "B3"), [], [12, 7]),
        (SWITCH.replace(",7", ",FXS 07").replace("B4", "B3"), [], [12, 7]),
        (SWITCH.replace("T46U,7", "Cisco ATA 192,2"), [], [None, 2]),
        (SWITCH.replace("T46U,7", "Cisco ATA 192,2.0"), [], [None, 2]),
    ],
)
def test_the_port_of_an_adapter_is_joined(
    tmp_path: Path, text: str, options: list[str], ports: list[int | None]
) -> None:
    found = read_text(tmp_path, text, options=ListOptions(named_headers(options)))
    assert [d.hardware_id.port for d in found.devices] == ports


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("0004F28124B3,MP118,", "port_missing"),
        ("0004F28124B3,Poly ATA 402,", "port_missing"),
        ("0004F28124B3,OBi302,", "port_missing"),
        ("0004F28124B3,MP-124,FXS", "port"),
        ("0004F28124B3,MP-124,0", "port"),
        ("0004F28124B3:002,MP-124,3", "port_contradicts"),
        ("ATA04F28124B301,,", "second_port"),
    ],
)
def test_an_adapter_needs_its_port(tmp_path: Path, row: str, rule: str) -> None:
    found = read_text(tmp_path, f"UPN,MAC,Model,Port\na@c.de,{row}\n")
    assert [fault.rule for fault in found.faults if fault.severity == "error"] == [rule]


@pytest.mark.parametrize("second", ["04F28124B301", "04:F2:81:24:B3:01", "ATA04F28124B301"])
@pytest.mark.parametrize("model", ["", "Cisco ATA 190"])
def test_the_second_port_is_never_an_address_of_its_own(
    tmp_path: Path, second: str, model: str
) -> None:
    text = f"UPN,MAC,Model\na@c.de,0004F28124B3:001,{model}\nb@c.de,{second},{model}\n"
    (fault,) = read_text(tmp_path, text).faults
    assert (fault.line, fault.rule) == (3, "second_port")
    assert "did you mean 00-04-F2-81-24-B3:002?" in fault.message


def test_a_second_port_alone_gets_the_suggestion_as_well(tmp_path: Path) -> None:
    found = read_text(tmp_path, "UPN,MAC,Model\na@c.de,04F28124B301,Cisco ATA 190\n")
    assert [fault.rule for fault in found.faults] == ["port_missing"]
    assert "00-04-F2-81-24-B3:002" in found.faults[0].message


def test_an_adapter_with_one_port_does_not(tmp_path: Path) -> None:
    found = read_text(tmp_path, "UPN,MAC,Model\na@c.de,0004F28124B3,Poly ATA 400\n")
    assert len(found.devices) == 1


#: Exports of inventories and portals: the header, and which of it is the account and the phone.
EXPORTS = {
    "Device name;Primary user UPN;Wi-Fi MAC;Ethernet MAC;Serial number": (1, 3),
    "Asset Tag;Serial;Username;Email;MAC Address;Location": (2, 4),
    "Name;Alternate username;Network ports - MAC;Model": (1, 2),
    "Nom;Usager;Adresse MAC;Modèle;Lieu": (1, 2),
    "Name;Device Type;Site;Primary MAC Address;cf_upn": (4, 3),
    "MAC ADDRESS;DESCRIPTION;LOCATION;USER ID 1": (3, 0),
    "MAC;Model;SN;Device Name;Site Name;Account": (5, 0),
    "Device Name;Model;MAC Address;Serial Number;Site;User": (5, 2),
    "Display Name;MAC Address;Device Type;Assigned To;Email": (4, 1),
    "Identity;UserPrincipalName;SipAddress;DisplayName;MAC": (1, 4),
    "Device name;MAC address;Manufacturer;Model;Signed-in user": (4, 1),
    "device_uuid;device_mac_address;device_label;device_username": (3, 1),
    "Username;Type;MAC Address;Product": (0, 2),
    "Nombre de usuario;Dirección MAC": (0, 1),
    "Gebruikersnaam;MAC-adres": (0, 1),
    "Nome utente;Indirizzo MAC": (0, 1),
    "Anmeldename;Hardwareadresse": (0, 1),
    "E-Mail-Adresse;MAC-Adresse": (0, 1),
    "NOM D’UTILISATEUR;Adresse physique": (0, 1),
}


@pytest.mark.parametrize(("head", "places"), EXPORTS.items(), ids=range(len(EXPORTS)))
def test_exports_of_other_programs_are_known(
    tmp_path: Path, head: str, places: tuple[int, int]
) -> None:
    names = head.split(";")
    cells = [f"x{n}" for n in range(len(names))]
    for place, name in enumerate(names):
        if name in ("Email", "SipAddress"):
            cells[place] = "lobby1@c.de"
        elif name == "Wi-Fi MAC":
            cells[place] = "00-04-F2-81-24-FF"
    cells[places[0]], cells[places[1]] = "lobby1@c.de", "0004f28124b3"
    found = read_text(tmp_path, f"{head}\n{';'.join(cells)}\n")
    assert pairs(found) == [(2, "lobby1@c.de", "00-04-F2-81-24-B3")]
    assert found.headers_read["username"] == names[places[0]]
    assert found.headers_read["hardware_id"] == names[places[1]]


def test_a_word_that_is_nearly_a_region_gets_a_suggestion(tmp_path: Path) -> None:
    text = "UPN,MAC,Region\na@c.de,0004F28124B3,EMEA\nb@c.de,0004F28124B4,AMER\n"
    found = read_text(tmp_path, text)
    assert [fault.message[-18:] for fault in found.faults] == ["did you mean NOAM?"]


@pytest.mark.parametrize(
    ("cell", "is_one"),
    [
        ("00-04-F2-81-24-B3", True),
        ("00:04:f2:81:24:b3:001", True),
        ("0004.f281.24b3", True),
        ("0004F2-8124B3", True),
        ("SEP0004F28124B3", True),
        ("00 04 F2 81 24 B3", True),
        ("25.11.2026 09:00", False),
        ("2026-11-25 09:30", False),
        ("+49 30 5550 1234", False),
        ("10.20.30.40", False),
        ("0004F28124B3AB", False),
    ],
)
def test_what_looks_like_a_hardware_id(cell: str, is_one: bool) -> None:
    assert looks_like_hardware(cell) is is_one
