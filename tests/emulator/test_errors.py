"""What each account or phone lacks gives the documented error, over HTTP."""

import pytest

from siptui.domain.outcome import Cause, explain
from siptui.emulator.device_outcome import TEXTS, WHITELIST
from tests.emulator.support import calling, devices
from tests.support import emulated_time

ROOM, PHONE = devices(1)[0]
LACKS = {
    Cause.USER_NOT_FOUND: "[[accounts]]\nexists = false",
    Cause.NO_PHONE_NUMBER: "[[accounts]]\nnumber = false",
    Cause.CALLING_POLICY: "[[accounts]]\nsip_calling = false",
    Cause.IP_PHONE_POLICY: "[[accounts]]\ncommon_area = false",
    Cause.DEVICE_NOT_FOUND: "[[devices]]\nknown = false",
    Cause.TAG_MISSING: "[[devices]]\ntagged = false",
    Cause.OFFLINE: "[[devices]]\nonline = false",
    Cause.IP_NOT_TRUSTED: "[[devices]]\ntrusted = false",
    Cause.DEADLINE_EXPIRED: "[[devices]]\ndeadline = 10",
    Cause.AD_CONFIGURATION: '[[accounts]]\non_premises = "misconfigured"',
    Cause.AD_THROTTLING: '[[accounts]]\non_premises = "throttling"',
    Cause.PASSWORD_WRITEBACK: '[[accounts]]\non_premises = "writeback"',
}


def outcome(text: str, items: list[tuple[str, str]], region: str = "EMEA") -> list[str | None]:
    async def main() -> list[str | None]:
        async with calling(text) as caller:
            return await caller.errors(items, region)

    return emulated_time.run(main())


@pytest.mark.parametrize("cause", LACKS)
def test_what_is_lacking_is_named_in_the_documented_words(cause: Cause) -> None:
    assert outcome(LACKS[cause], [(ROOM, PHONE)]) == [TEXTS[cause]]


@pytest.mark.parametrize("cause", TEXTS)
def test_the_domain_knows_every_documented_text(cause: Cause) -> None:
    assert explain(TEXTS[cause]).cause is cause


def test_a_healthy_device_has_no_error() -> None:
    assert outcome("", [(ROOM, PHONE)]) == [None]


@pytest.mark.parametrize(
    "hardware_id",
    ["00:15:65:00:00:01", "001565000001", "00-15-65-00-00", "FF-FF-FF-FF-FF-FF", "nonsense", ""],
)
def test_another_form_of_hardware_id_is_refused(hardware_id: str) -> None:
    assert outcome("", [(ROOM, hardware_id)]) == [TEXTS[Cause.HARDWARE_ID_FORMAT]]


def test_ports_and_lower_case_are_well_formed() -> None:
    items = [("a@contoso.com", "00-90-8f-11-22-33:001"), ("b@contoso.com", "00-90-8F-11-22-33:024")]
    assert outcome("", items) == [None, None]


def test_a_phone_of_another_region_is_not_found() -> None:
    text = '[[devices]]\nregion = "NOAM"'
    assert outcome(text, [(ROOM, PHONE)]) == [TEXTS[Cause.DEVICE_NOT_FOUND]]
    assert outcome(text, [(ROOM, PHONE)], "NOAM") == [None]


def test_duplicates_are_named_with_their_addresses() -> None:
    [error] = outcome('[[devices]]\nduplicates = ["10.0.0.1", "10.0.0.2"]', [(ROOM, PHONE)])
    assert error == "Duplicate devices found for bulk sign-in. 10.0.0.1, 10.0.0.2"


def test_the_undocumented_words_about_the_public_ip() -> None:
    text = '[[devices]]\ntrusted = false\ntrusted_words = "whitelist"\npublic_ip = "198.51.100.7"'
    [error] = outcome(text, [(ROOM, PHONE)])
    assert error == WHITELIST.format(ip="198.51.100.7")
    assert explain(error).cause is Cause.IP_NOT_TRUSTED


def test_a_text_of_its_own_comes_through_verbatim() -> None:
    text = "[[accounts]]\n" + r'error = "[b]Ger\u00e4t\u202e\u001b[31m"'
    assert outcome(text, [(ROOM, PHONE)]) == ["[b]Gerät\u202e\x1b[31m"]


def test_the_directory_takes_only_so_many_changes_of_one_batch() -> None:
    text = '[[accounts]]\non_premises = "throttling"\nthrottle_above = 4'
    errors = outcome(text, devices(6))
    assert errors == [None] * 4 + [TEXTS[Cause.AD_THROTTLING]] * 2
    assert outcome(text, devices(4)) == [None] * 4


def test_only_what_is_listed_exists_in_a_strict_tenant() -> None:
    text = f"""
        [tenant]
        strict = true
        [[accounts]]
        match = "{ROOM}"
        [[devices]]
        match = "{PHONE}"
    """
    stranger, strange = devices(1, 7)[0]
    assert outcome(text, [(ROOM.upper(), PHONE)]) == [None]
    assert outcome(text, [(stranger, PHONE)]) == [TEXTS[Cause.USER_NOT_FOUND]]
    assert outcome(text, [(ROOM, strange)]) == [TEXTS[Cause.DEVICE_NOT_FOUND]]


def test_a_condition_may_pass_with_time() -> None:
    async def main() -> None:
        async with calling("[[devices]]\nonline = false\nuntil = 3600") as caller:
            assert await caller.errors([(ROOM, PHONE)]) == [TEXTS[Cause.OFFLINE]]
            assert await caller.errors([(ROOM, PHONE)]) == [None]

    emulated_time.run(main())


def test_a_condition_may_pass_with_the_second_attempt() -> None:
    async def main() -> None:
        async with calling("[[devices]]\nonline = false\nuntil_attempt = 2") as caller:
            assert await caller.errors([(ROOM, PHONE)]) == [TEXTS[Cause.OFFLINE]]
            assert await caller.errors([(ROOM, PHONE)]) == [None]

    emulated_time.run(main())


def test_a_later_rule_stands_over_an_earlier_one() -> None:
    text = f'[[devices]]\nonline = false\n[[devices]]\nmatch = "{PHONE}"\nonline = true'
    assert outcome(text, devices(2)) == [None, TEXTS[Cause.OFFLINE]]
