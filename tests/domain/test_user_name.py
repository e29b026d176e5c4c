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
    ],
)
def test_the_reason_is_named(text: str, rule: str) -> None:
    with pytest.raises(UserNameError) as caught:
        UserName.parse(text)
    assert caught.value.rule == rule


@given(st.text(max_size=60) | st.builds("{}@{}".format, st.text(max_size=20), st.text(max_size=20)))
def test_whatever_is_accepted_is_safe_to_show(text: str) -> None:
    found = read(text)
    if isinstance(found, UserName):
        assert visible(found) == found
        assert found.count("@") == 1
    else:
        assert visible(found.message) == found.message


def read(text: str) -> UserName | UserNameError:
    try:
        return UserName.parse(text)
    except UserNameError as error:
        return error
