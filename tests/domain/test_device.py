"""What a device is matched by."""

from siptui.domain.user_name import UserName
from tests.runs.engine.engine_harness import device
from tests.support.replace import replace


def test_a_device_is_its_hardware_id_with_an_account_in_whatever_case() -> None:
    one = device(0, user="Lobby@Contoso.example")
    assert one.key == ("lobby@contoso.example", "00-04-F2-00-00-00")
    assert replace(one, user_name=UserName.parse("LOBBY@contoso.EXAMPLE"), line=9).key == one.key
    assert device(1, user=one.user_name).key != one.key
    assert device(0, user="room@contoso.example").key != one.key


def test_further_columns_are_no_part_of_what_a_device_is() -> None:
    one = device(0)
    assert hash(replace(one, extra={"Site": "HQ"})) == hash(one)
    assert replace(one, extra={"Site": "HQ"}) != one
    assert one.extra == {}
