"""What the name of a column says about it."""

import pytest

from siptui.devicelist.column_names import (
    NOTHING,
    PART,
    USUAL,
    fits,
    never,
    rank,
    spaced,
    spoken_for,
)
from siptui.domain.columns import COLUMNS, KNOWN, NEEDED, WHAT


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("MAC", "mac"),
        ("MACaddress", "macaddress"),
        ("WiFiMacAddress", "wi fi mac address"),
        ("PCMacAddress", "pc mac address"),
        ("UPNPrimary", "upn primary"),
        ("oldmac", "old mac"),
        ("phonemacaddr", "phone macaddr"),
        ("primaryupn", "primary upn"),
        ("(WLAN) / MAC-Adresse", "wlan mac adresse"),
        ("Gerät 2", "gerat 2"),
        ("machine upnext", "machine upnext"),
        ("", ""),
    ],
)
def test_a_name_in_small_words(name: str, words: str) -> None:
    assert spaced(name) == words


def test_the_plainest_name_comes_first() -> None:
    assert rank("username", "USER NAME") == 0
    assert rank("username", "User principal name") == 1
    assert rank("username", "Room") == len(KNOWN["username"])
    assert NOTHING < PART < USUAL


@pytest.mark.parametrize("key", COLUMNS)
def test_each_column_is_known_by_the_header_that_siptui_writes(key: str) -> None:
    assert fits(key, COLUMNS[key]) == USUAL
    assert fits(key, COLUMNS[key].upper()) == USUAL
    assert fits(key, "Etage") == NOTHING
    assert not spoken_for(key, COLUMNS[key])
    assert all(spoken_for(other, COLUMNS[key]) for other in COLUMNS if other != key)
    assert spoken_for(key, "Serial number")
    assert not spoken_for(key, "Etage")
    assert set(KNOWN) == set(COLUMNS) == set(WHAT)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        *(
            ("username", name)
            for name in (
                *("Room UPN", "Room user principal name", "RoomUserPrincipalName"),
                *("Room username", "Room user name", "Raumbenutzername", "Room user ID"),
                *("Shared e-mail", "Shared email", "Teams account", "Teamskonto"),
                *("Compte Teams", "Cuenta Teams", "Room SIP address", "Room SIP URI"),
                *("Room login", "Room logon", "Phone sign-in", "Who is signed in"),
                *("Nom d'utilisateur 2", "Gebruikersnaam 2", "Nome utente 2"),
            )
        ),
        *(
            ("hardware_id", name)
            for name in (
                *("Phone MAC 1", "Phone macaddr", "Phone macadr", "Phone hardware ID"),
                *("Phone hardwareid", "Ethernet 1", "Phone physical address"),
            )
        ),
        ("onboarded_at", "Phone onboarding"),
        ("onboarded_at", "Phone provisioned"),
        ("onboarded_at", "Phone provisioning"),
        ("signed_out_at", "Phone signed out"),
        ("signed_out_at", "Phone sign-out"),
        ("signed_out_at", "Phone signout"),
    ],
)
def test_a_telling_part_of_a_name(key: str, name: str) -> None:
    assert fits(key, name) == PART


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("username", "Accounting"),
        ("username", "Room"),
        ("username", "Mailroom"),
        ("hardware_id", "Machine"),
        ("hardware_id", "Address"),
        ("onboarded_at", "Provision"),
        ("region", "Sales region 1"),
    ],
)
def test_a_name_that_tells_nothing(key: str, name: str) -> None:
    assert fits(key, name) == NOTHING


PERSONS = (
    *("contact", "contacts", "Kontakt", "Kontaktperson", "contatto", "owner", "manager"),
    *("supervisor", "requester", "approver", "technician", "installer", "created", "creator"),
    *("modified", "updated", "changed", "by", "responsible", "responsable", "previous", "former"),
    *("old", "private", "personal", "notify", "support", "help desk", "helpdesk", "vendor"),
    *("billing", "sponsor", "reporter", "Ansprechpartner", "Verantwortlicher", "Vorgesetzter"),
    *("Besitzer", "Eigentümer", "Inhaber", "Ersteller", "alt", "alter", "altes", "früher"),
    *("demandeur", "propriétaire", "ancien", "propietario", "solicitante", "referente"),
    *("proprietario", "eigenaar", "aanvrager"),
)
THINGS = (
    *("old", "prev", "previous", "former", "formerly", "before", "alt", "alte", "alten"),
    *("alternate", "replaced", "swapped", "defective", "defekt", "broken", "faulty", "dead"),
    *("retired", "returned", "removed", "decommissioned", "scrapped", "stolen", "spare", "PC"),
    *("laptop", "notebook", "desktop", "computer", "Rechner", "workstation", "tablet", "server"),
    *("printer", "Drucker", "scanner", "camera", "Kamera", "TV", "dock", "docking", "WLAN"),
    *("W-LAN", "wlan0", "802.11", "802.11ax", "Wi-Fi", "WiFi 2", "wireless", "drahtlos", "Funk"),
    *("Bluetooth", "BT", "BLE", "switch", "router", "default gateway", "firewall", "modem", "AP"),
    *("access point", "accesspoint", "uplink", "neighbor", "neighbour", "LLDP", "CDP", "ancien"),
    *("antigua", "anterior", "vecchio", "oud", "oude", "precedent", "precedente", "ordinateur"),
    *("portátil", "imprimante", "impresora", "stampante", "sans fil", "inalámbrica"),
    *("senza fili", "draadloos", "conmutador", "commutateur"),
)


@pytest.mark.parametrize("word", PERSONS)
def test_a_name_of_another_person(word: str) -> None:
    assert never("username", f"{word} UPN")
    assert never("username", f"E-Mail ({word})")


@pytest.mark.parametrize("word", THINGS)
def test_a_name_of_another_thing(word: str) -> None:
    assert never("hardware_id", f"{word} MAC")
    assert never("hardware_id", f"MAC ({word})")


@pytest.mark.parametrize("key", NEEDED)
def test_a_name_of_the_account_or_the_phone_itself(key: str) -> None:
    for name in (*KNOWN[key], "Teams account", "Phone MAC", "Lobby", "Hallway", "Standby"):
        assert not never(key, name)
