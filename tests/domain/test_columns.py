"""The columns of a list: their names, and which header is which where that is said."""

import pytest

from siptui.domain.columns import (
    COLUMNS,
    NOT_MAPPED,
    WHAT,
    Mapped,
    cell_of,
    columns_read,
    folded_name,
    named_headers,
)
from siptui.domain.errors import UsageError

#: What siptui writes is read by other programs, and by siptui.
WRITTEN = {
    "username": ("Username", "user name"),
    "hardware_id": ("HardwareId", "hardware id"),
    "region": ("Region", "region"),
    "port": ("Port", "port"),
    "model": ("Model", "model"),
    "onboarded_at": ("OnboardedAt", "date of onboarding"),
    "signed_out_at": ("SignedOutAt", "date of sign-out"),
    "phone_number": ("PhoneNumber", "phone number"),
    "number_type": ("NumberType", "kind of the number"),
    "site": ("Site", "site"),
    "public_ip": ("PublicIP", "public address"),
}


def test_each_column_has_a_header_and_a_word() -> None:
    assert {key: (COLUMNS[key], WHAT[key]) for key in COLUMNS} == WRITTEN
    for key, (header, _) in WRITTEN.items():
        assert cell_of({"x": "1", header.upper(): " 2 "}, key) == "2"
        assert named_headers([f"{key}={header}"]).headers == {key: (header,)}


@pytest.mark.parametrize(
    "name",
    ["Nom d’utilisateur", "NOM_D'UTILISATEUR", "nom d\u2019utilisateur", "Nom.d/Utilisateur"],
)
def test_spellings_of_one_header(name: str) -> None:
    assert folded_name(name) == "nomdutilisateur"
    assert folded_name("Gerät") == folded_name("GERA\u0308T") == "gerat"
    assert folded_name("Straße 2") == "strasse2"


def test_what_stands_in_a_column_under_any_of_its_names() -> None:
    assert cell_of({}, "site") == ""
    assert cell_of({"Room": "1"}, "site") == ""
    assert cell_of({"Standort": "b", "Building": "a"}, "site") == "a"  # the plainest counts
    assert cell_of({"Site": "a", "SITE": "b"}, "site") == "a"


def test_headers_are_named_by_the_key_of_their_column() -> None:
    named = named_headers([" Hardware-ID = MAC ", "username=A=B", "site="])
    assert named == Mapped(
        {"hardware_id": ("MAC",), "username": ("A=B",), "site": ()},
        "--column",
        frozenset(["hardware_id", "username", "site"]),
    )
    assert named.origin_of("site") == "--column site"
    assert bool(named)
    assert named_headers(["site= "]).headers == {"site": ()}
    assert named_headers([]) == NOT_MAPPED
    assert not NOT_MAPPED


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["username"], "not NAME=HEADER with one of the names"),
        (["etage=Etage"], "not NAME=HEADER with one of the names"),
        (["=UPN"], "not NAME=HEADER with one of the names"),
        (["site=A", "Site=B"], "names site twice"),
        (["site=", "Site=B"], "names site twice"),
        (["username= "], "names no header, and no list can do without it"),
        (["hardware_id="], "names no header, and no list can do without it"),
        (["username=A", "site=A"], "names “A” for username and for site"),
    ],
)
def test_what_names_no_header_is_refused(pairs: list[str], message: str) -> None:
    with pytest.raises(UsageError) as told:
        named_headers(pairs)
    assert message in told.value.message


def test_what_is_named_for_one_list_goes_before_what_holds_for_all() -> None:
    profile = Mapped({"username": ("A",), "site": ("B",)}, "the profile")
    given = named_headers(["username=C"])
    both = given.over(profile)
    assert both.headers == {"username": ("C",), "site": ("B",)}
    assert both.origin_of("username") == "--column username"
    assert both.origin_of("site") == "“site” in the profile"
    assert NOT_MAPPED.over(profile) is profile
    assert given.over(NOT_MAPPED).headers == given.headers
    assert given.over(NOT_MAPPED).origin == "--column"
    more = named_headers(["site=D"]).over(both)
    assert more.given == {"username", "site"}


def test_which_headers_were_read_is_told_where_it_is_known() -> None:
    known = {"username": "UPN", "hardware_id": "MAC"}
    assert columns_read(known) == ("User names are read from “UPN”, hardware ids from “MAC”.")
    for key in known:
        assert columns_read({key: known[key]}) == ""
    assert columns_read({}) == ""
