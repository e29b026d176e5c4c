"""Names that are forgotten are found however they are written, and no one else's are."""

import unicodedata

import pytest

from siptui.domain.forgotten_text import FORGOTTEN, names_of, replaced_values

NAMES = names_of(
    ["Kim.O'Neil@contoso.com", "lobby@contoso.com", "Zoë@contoso.com"], ["00-04-F2-81-24-B3:001"]
)


@pytest.mark.parametrize(
    "text",
    [
        "lobby@contoso.com",
        "LOBBY@Contoso.com",
        "user lobby@contoso.com.",
        "'lobby@contoso.com'",
        "“lobby@contoso.com”, twice",
        "upn:lobby@contoso.com:x",
        "mailto:lobby@contoso.com",
        "/v1.0/users/lobby%40contoso.com/licenses",
        "/v1.0/users/LOBBY%40contoso.com?$select=id",
        "lobby@contoso.com's password",
        "/home/kim/Lobby@contoso.com.csv",
        "lobby@contoso.com.csv.jsonl",
        "kim.o'neil@contoso.com is not found",
        "KIM.O'NEIL@CONTOSO.COM",
        "Grant-CsTeamsCallingPolicy -Identity 'Kim.O''Neil@contoso.com'",
        "$filter=userPrincipalName%20eq%20%27kim.o%27%27neil%40contoso.com%27",
        "Kim.O’Neil@contoso.com",
        unicodedata.normalize("NFD", "zoë@contoso.com"),
        "macAddress%20eq%20%2700-04-F2-81-24-B3%27",
        "00-04-F2-81-24-B3",
        "00:04:f2:81:24:b3 is offline",
        "0004.f281.24b3,",
        "SEP0004F28124B3",
        "device 0004F28124B3:001.",
        "hardware_id=00-04-f2-81-24-b3:002",
    ],
)
def test_a_name_is_found_however_it_is_written(text: str) -> None:
    found = NAMES.without(text)
    assert FORGOTTEN in found
    for word in ("lobby@", "lobby%40", "neil", "zo", "8124b3", "81-24-b3", "81:24:b3", "f281.24b3"):
        assert word not in found.lower()


@pytest.mark.parametrize(
    "text",
    [
        "hotel-lobby@contoso.com",
        "the.lobby@contoso.com",
        "lobby@contoso.com.au",
        "hotel-lobby@contoso.com.csv",
        "lobby@contoso.com.csvx",
        "lobby@contoso.community",
        "neil@contoso.com",
        "00-04-F2-81-24-B4",
        "F00-04-F2-81-24-B3",
        "lobby",
        "",
    ],
)
def test_those_of_others_stay(text: str) -> None:
    assert NAMES.without(text) == text


def test_fields_keep_their_names() -> None:
    found = {"lobby@contoso.com": ["lobby@contoso.com", 7, {"a": None}]}
    assert replaced_values(found, NAMES) == {"lobby@contoso.com": [FORGOTTEN, 7, {"a": None}]}
