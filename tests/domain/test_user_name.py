import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.text import visible
from siptui.domain.user_name import UserName, UserNameError


@pytest.mark.parametrize(
    "text",
    [
        "FirstFloorLobby@contoso.com",
        "o'brien+lobby@contoso.onmicrosoft.com",
        "a_b-c.d@sub.contoso.international",
        "empfang.münchen@müller.example",
        "1@2.de",
        "l" * 101 + "@contoso.com",
        "l#" + "l" * 99 + "@contoso.com",
        "lobby#1@contoso.com",
        "lobby--1@contoso.com",
        "lobby@contoso." + "c" * 63,
        "\u00c0\u024f\u1e00\u1eff@contoso.com",
    ],
)
def test_user_principal_names_are_kept_as_they_are(text: str) -> None:
    assert UserName.parse(f" {text}\t") == text
    assert UserName.parse(text.upper()).key == UserName.parse(text).key


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (" ", "missing"),
        ("lobby", "no_at_sign"),
        ("a@b@contoso.com", "two_at_signs"),
        ("@contoso.com", "incomplete"),
        ("lobby@", "incomplete"),
        ("lobby 1@contoso.com", "character"),
        ("lob\u200bby@contoso.com", "character"),
        ("lobby\x1b@contoso.com", "character"),
        ("lobby\\x1b@contoso.com", "character"),
        (".lobby@contoso.com", "dots"),
        ("lob..by@contoso.com", "dots"),
        ("lobby@contoso", "domain"),
        ("lobby@-contoso.com", "domain"),
        ("lobby@contoso..com", "domain"),
        ("l" * 110 + "@contoso.com", "too_long"),
        ("l" * 102 + "@contoso.com", "too_long"),
        ("lobby.@contoso.com", "dots"),
        ("lobby@contoso.-com", "domain"),
        ("lobby@contoso.com-", "domain"),
        ("lobby@contoso." + "c" * 64, "domain"),
        ("lobby@müller.-de", "domain"),
        ("lobby@con\u200btoso.com", "character"),
        ("lobby@con\\x0btoso.com", "character"),
        ("lobby@con\\u200btoso.com", "character"),
        ("lobby@con\\U000e0001toso.com", "character"),
        ("a×b@contoso.com", "character"),
        ("a\u0250@contoso.com", "character"),
        ("a\u1f00@contoso.com", "character"),
    ],
)
def test_the_reason_is_named(text: str, rule: str) -> None:
    with pytest.raises(UserNameError) as caught:
        UserName.parse(text)
    assert caught.value.rule == rule


@pytest.mark.parametrize(
    ("text", "rule", "suggestion"),
    [
        ("lobby–1@contoso.com", "look_alike", "lobby-1@contoso.com"),
        ("lobby−1@contoso.com", "look_alike", "lobby-1@contoso.com"),
        ("o’neil@contoso.com", "look_alike", "o'neil@contoso.com"),
        ("ｌobby@contoso.com", "look_alike", "lobby@contoso.com"),
        ("lobby@contoso。com", "domain", "lobby@contoso.com"),
        ("lobby＠contoso.com", "no_at_sign", "lobby@contoso.com"),
        ("lоbby@contoso.com", "look_alike", "lobby@contoso.com"),
        ("lobby@cοntoso.com", "look_alike", "lobby@contoso.com"),
        ("mÃ¼ller@contoso.com", "mojibake", "müller@contoso.com"),
        ("mu\u0308ller@contoso.com", "character", "müller@contoso.com"),
        ("lob\\u200bby@contoso.com", "character", "lobby@contoso.com"),
        ("lobby@contoso.com.", "domain", "lobby@contoso.com"),
        ("lobby…1@contoso.com", "look_alike", ""),
        ("lob\ufffdby@contoso.com", "character_lost", ""),
        ("lobby🙂@contoso.com", "character", ""),
        ("лобби@contoso.com", "character", ""),
        ("lobby$1@contoso.com", "character", ""),
        ("v_c.com#EXT#@contoso.onmicrosoft.com", "guest", ""),
        ("v_c.com#EXT#@contoso.onmicrosoft.com.", "domain", ""),
        ("#lobby@contoso.com", "comment", "lobby@contoso.com"),
        ("--lobby@contoso.com", "comment", "lobby@contoso.com"),
        ("lobby @contoso.com", "character", "lobby@contoso.com"),
    ],
)
def test_characters_that_entra_has_not_are_refused(text: str, rule: str, suggestion: str) -> None:
    with pytest.raises(UserNameError) as caught:
        UserName.parse(text)
    assert (caught.value.rule, caught.value.suggestion) == (rule, suggestion)


def test_letters_with_marks_and_plus_are_pointed_out() -> None:
    assert UserName.parse("müller+1@contoso.com").unusual == "ü+"
    assert UserName.parse("müller@contoso.com").unusual == "ü"
    assert UserName.parse("lobby+1+2@contoso.com").unusual == "+"
    assert UserName.parse("o'brien_!^~-.1@contoso.com").unusual == ""


def test_names_that_the_service_says_are_held_to_the_form_alone() -> None:
    assert UserName.read("v_c.com#EXT#@contoso.com") == "v_c.com#EXT#@contoso.com"
    assert UserName.read(" lobby@contoso.com\n") == "lobby@contoso.com"
    for text in ("lobby", "lobby 1@contoso.com", "lobby/1@contoso.com"):
        with pytest.raises(UserNameError):
            UserName.read(text)


def test_what_only_looks_like_a_character_is_named() -> None:
    with pytest.raises(UserNameError, match=r"'–' \(en dash\) only looks like a character"):
        UserName.parse("lobby–1@contoso.com")


@given(st.text(max_size=60) | st.builds("{}@{}".format, st.text(max_size=20), st.text(max_size=20)))
def test_whatever_is_accepted_is_safe_to_show(text: str) -> None:
    found = read(text)
    if isinstance(found, UserName):
        assert visible(found) == found
        assert found.count("@") == 1
    else:
        assert visible(found.message) == found.message
        assert not found.suggestion or UserName.parse(found.suggestion)


def read(text: str) -> UserName | UserNameError:
    try:
        return UserName.parse(text)
    except UserNameError as error:
        return error


@pytest.mark.parametrize(
    "text",
    [
        "mailto:a@c.de",
        "SMTP:a@c.de",
        "upn: a@c.de",
        "E-Mail=a@c.de",
        "email: a@c.de",
        "<a@c.de>",
        "Anna Berg <a@c.de>",
        "“a@c.de”",
        "[a@c.de]",
    ],
)
def test_an_address_with_something_around_it_is_suggested(text: str) -> None:
    with pytest.raises(UserNameError) as caught:
        UserName.parse(text)
    assert caught.value.suggestion == "a@c.de"


@pytest.mark.parametrize("text", ["a b@c.de", "a@c.de; b@c.de", "<a@c.de> <b@c.de>", "x:a@c.de"])
def test_where_several_could_be_meant_nothing_is_suggested(text: str) -> None:
    with pytest.raises(UserNameError) as caught:
        UserName.parse(text)
    assert not caught.value.suggestion
