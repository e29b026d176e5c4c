"""Stand-ins: the same for the same, nothing of the original left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.hardware_id import HardwareId
from siptui.domain.user_name import UserName
from siptui.logs.pseudonyms import Pseudonyms

GUID = "8f14e45f-ceea-467f-ab3c-1234567890ab"


@pytest.fixture
def made() -> Pseudonyms:
    return Pseudonyms()


@pytest.mark.parametrize(
    "text",
    [
        "Lobby.North@contoso.com",
        "o'brien@contoso.co.uk",
        "00-15-65-AA-BB-CC",
        "00:15:65:aa:bb:cc:003",
        "0015.65aa.bbcc",
        "001565AABBCC",
        "SEP001565AABBCC",
        GUID,
        "203.0.113.77",
        "2001:db8:85a3::8a2e:370:7334",
        "fe80::1%eth0",
        "+49 30 1234567",
        "tel:+493012345678",
    ],
)
def test_nothing_of_it_is_left(made: Pseudonyms, text: str) -> None:
    for sentence in (f"Device {text} is offline.", f'"{text}"', f"({text})", text):
        scrubbed = made.scrub(sentence)
        assert text not in scrubbed
        assert scrubbed != sentence
        pieces = text.replace("@", ".").replace("'", ".").split(".")
        assert not [p for p in pieces if len(p) > 4 and p in scrubbed]


def test_the_same_is_the_same_whatever_its_form(made: Pseudonyms) -> None:
    forms = ("00-15-65-AA-BB-CC", "00:15:65:aa:bb:cc", "0015.65aa.bbcc", "001565aabbcc")
    assert len({made.scrub(form) for form in forms}) == 1
    assert made.scrub("A@x.com") == made.scrub("a@X.COM") == made.user("a@x.com")
    assert made.user("a@x.com") != made.user("b@x.com")
    assert made.user("a@x.com").partition("@")[2] == made.user("b@x.com").partition("@")[2]


def test_another_file_has_other_stand_ins() -> None:
    assert Pseudonyms().user("a@x.com") != Pseudonyms().user("a@x.com")


@given(st.integers(min_value=1, max_value=2**48 - 2), st.sampled_from(["", ":001", ":024"]))
def test_a_stand_in_for_a_device_is_a_device(number: int, port: str) -> None:
    stand_in = Pseudonyms(b"key").hardware_id(f"{number:012X}{port}")
    parsed = HardwareId.parse(stand_in)
    assert parsed == stand_in
    assert stand_in.endswith(port)


def test_a_stand_in_for_a_person_is_a_user_name(made: Pseudonyms) -> None:
    assert UserName.parse(made.user("Lobby@contoso.com"))


@given(st.text(max_size=80))
def test_scrubbing_twice_finds_nothing_that_was_missed(text: str) -> None:
    made = Pseudonyms(b"key")
    assert "\ue000" not in made.scrub(text)


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 23 Nov 2026 04:06:14 GMT",
        "2026-11-23T04:06:15.458+00:00",
        "siptui/0.1.0",
        "127.0.0.1:9080",
        "The service answered with HTTP 503.",
        "BulkSignIn Tag missing for the device",
        "12 devices: 3 failed",
        '{"version": "0.1.0", "a":"b"}',
        "a : b :: c",
    ],
)
def test_what_is_nobodys_stays(made: Pseudonyms, text: str) -> None:
    assert made.scrub(text) == text
