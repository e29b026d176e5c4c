"""Every usual form of a MAC address is read as the same one; nothing else is read at all."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.hardware_id import HardwareId, HardwareIdError

CANONICAL = re.compile(r"(?:[0-9A-F]{2}-){5}[0-9A-F]{2}(?::[0-9]{3})?")
HEX = "0123456789ABCDEF"


@st.composite
def macs(draw: st.DrawFn) -> str:
    digits = draw(st.text(HEX, min_size=12, max_size=12))
    digits = digits[0] + draw(st.sampled_from("02468ACE")) + digits[2:]
    return digits if digits.strip("0") else "0004F28124B3"


def forms(digits: str) -> list[str]:
    def cut(size: int, mark: str) -> str:
        return mark.join(digits[i : i + size] for i in range(0, 12, size))

    return [digits] + [cut(size, mark) for size in (2, 4, 6) for mark in "-:."]


@given(macs(), st.integers(0, 999), st.sampled_from(["", "SEP", "sep", "ATA"]), st.booleans())
def test_every_form_is_the_same_device(digits: str, port: int, prefix: str, lower: bool) -> None:
    tail = f":{port:03}" if port else ""
    wanted = forms(digits)[1] + tail
    for form in forms(digits):
        text = prefix + (form.lower() if lower else form) + tail
        found = HardwareId.parse(f"  {text} ")
        assert found == wanted
        assert found.mac == wanted[:17]
        assert found.port == (port or None)
        assert HardwareId.parse(found) == found


@given(macs(), st.data())
def test_a_mutated_form_is_read_or_refused_with_a_reason(digits: str, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(forms(digits))) + data.draw(st.sampled_from(["", ":001"]))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        text = (
            text[:at] + data.draw(st.text(max_size=2)) + text[at + data.draw(st.integers(0, 2)) :]
        )
    check(text)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    check(text)


def read(text: str) -> HardwareId | HardwareIdError:
    try:
        return HardwareId.parse(text)
    except HardwareIdError as error:
        return error


def check(text: str) -> None:
    found = read(text)
    if isinstance(found, HardwareId):
        assert CANONICAL.fullmatch(found)
        return
    assert found.rule
    assert found.message
    if found.suggestion:
        assert HardwareId.parse(found.suggestion) == found.suggestion


@pytest.mark.parametrize(
    ("text", "rule", "suggestion"),
    [
        ("", "missing", ""),
        ("00-00-00-00-00-00", "all_zero", ""),
        ("ff:ff:ff:ff:ff:ff", "broadcast", ""),
        ("01-00-5E-00-00-01", "multicast", ""),
        ("00-04-F2-81-24-B3:000", "port", ""),
        ("00-04-F2-81-24-B3:1", "port", "00-04-F2-81-24-B3:001"),
        ("00:04:F2:81:24:B3:12", "port", "00-04-F2-81-24-B3:012"),
        ("4.13E+11", "excel_number", ""),
        ("4,13E+11", "excel_number", ""),
        ("4028124123", "excel_leading_zeros", "00-40-28-12-41-23"),
        ("4028124123:002", "excel_leading_zeros", "00-40-28-12-41-23:002"),
        ("OO-04-F2-81-24-B9", "look_alike", "00-04-F2-81-24-B9"),
        ("00–04–F2–81–24–B9", "look_alike", "00-04-F2-81-24-B9"),
        ("00 04 F2 81 24 B9", "blanks", "00-04-F2-81-24-B9"),
        ("00-04:F2-81-24-B9", "mixed_separators", "00-04-F2-81-24-B9"),
        ("0:4:f2:81:24:b9", "dropped_zeros", "00-04-F2-81-24-B9"),
        ("0004-F28124B9", "grouping", "00-04-F2-81-24-B9"),
        ("00-04-F2-81-24", "length", ""),
        ("00-04-F2-81-24-G7", "not_hexadecimal", ""),
        ("００-04-F2-81-24-B9", "look_alike", "00-04-F2-81-24-B9"),
        ("80\\u200b:5e:c0:11:22:05", "look_alike", "80-5E-C0-11-22-05"),
        ("80：5e：c0：11：22：0a", "look_alike", "80-5E-C0-11-22-0A"),
        ("“80:5e:c0:11:22:0c”", "look_alike", "80-5E-C0-11-22-0C"),
        ("80_5e_c0_11_22_10", "look_alike", "80-5E-C0-11-22-10"),
        ("MAC: 80:5e:c0:11:22:0e", "surplus", "80-5E-C0-11-22-0E"),
        ("0x805ec011220f", "surplus", "80-5E-C0-11-22-0F"),
        ("80:5e:c0:11:22:13 (eth0)", "surplus", "80-5E-C0-11-22-13"),
        ("sep805ec011221a.cnf.xml", "surplus", "80-5E-C0-11-22-1A"),
        ("805ec0112201;805ec0112202", "several", ""),
        ("00-90-8F-11-22-33-002", "port", "00-90-8F-11-22-33:002"),
        ("00908F112233/4", "port", "00-90-8F-11-22-33:004"),
        ("00-90-8F-11-22-33 port 7", "port", "00-90-8F-11-22-33:007"),
        ("00908F112233 (2)", "port", "00-90-8F-11-22-33:002"),
        ("00908F112233;1", "port", "00-90-8F-11-22-33:001"),
        ("00908F112233 [FXS 3]", "port", "00-90-8F-11-22-33:003"),
        ("00908F112233_port_4", "port", "00-90-8F-11-22-33:004"),
        ("00,90,8F,11,22,33", "separators", "00-90-8F-11-22-33"),
        ("00/90/8F/11/22/33", "separators", "00-90-8F-11-22-33"),
        ("INF", "excel_number", ""),
        ("∞", "excel_number", ""),
        ("VG00908F112233009", "port", "00-90-8F-11-22-33:009"),
        ("00908F112233/289", "port", ""),
        ("1,565,112,233", "excel_number", ""),
        ("1565112233.00", "excel_number", ""),
        ("156512000000000", "excel_number", ""),
        ("########", "excel_error", ""),
        ("#N/A", "excel_error", ""),
        ("3", "length", ""),
        ("NaN", "excel_number", ""),
        ("1234567890123", "excel_number", ""),
        *((word, "excel_error", "") for word in ("#ref!", "#NUM!", "#VALUE!", "#NAME?", "#DIV/0!")),
        ("#NULL!", "excel_error", ""),
        ("#REFUND", "not_hexadecimal", ""),
        ("1234567", "excel_leading_zeros", "00-00-01-23-45-67"),
        ("48128123456", "excel_leading_zeros", "04-81-28-12-34-56"),
        ("123456", "length", ""),
        ("1234567890123:002", "length", ""),
        ("٠٠٠٤٨١٢٤١٢٣٤٥٦", "not_hexadecimal", ""),  # digits of another script
        ("٠٠٠٤٨١٢٤", "not_hexadecimal", ""),
        ("1234567G", "not_hexadecimal", ""),
        ("80\\x0b:5e:c0:11:22:05", "look_alike", "80-5E-C0-11-22-05"),
        ("80\\U000e0001:5e:c0:11:22:05", "look_alike", "80-5E-C0-11-22-05"),
        ("0o-l4-I2-i1-24-B9", "look_alike", "00-14-12-11-24-B9"),
        ("ll-00-90-8F-11-22-33", "surplus", "00-90-8F-11-22-33"),
        ("l", "not_hexadecimal", ""),
        ("00-90-8F-11-22-3O-002", "look_alike", "00-90-8F-11-22-30:002"),
        ("“00908F112233/2”", "look_alike", "00-90-8F-11-22-33:002"),
        ("00-90-8F-11-22-33  7", "port", "00-90-8F-11-22-33:007"),
        ("00-90-8F-11-22-33port7", "port", "00-90-8F-11-22-33:007"),
        ("00-90-8F-11-22-33 line 7", "port", "00-90-8F-11-22-33:007"),
        ("00-90-8F-11-22-33 p7", "port", "00-90-8F-11-22-33:007"),
        ("00-90-8F-11-22-33 ch7", "port", "00-90-8F-11-22-33:007"),
        ("00908F112233/288", "port", "00-90-8F-11-22-33:288"),
        ("00908F112233/0", "port", ""),
        ("vg00908F112233009", "port", "00-90-8F-11-22-33:009"),
        ("AN00908F112233009", "port", "00-90-8F-11-22-33:009"),
        ("SKIGW00908F112233009", "port", "00-90-8F-11-22-33:009"),
        ("ATA00908F11223309", "port", "00-90-8F-11-22-33:009"),
        ("sep 00-90-8F-11-22-33/2", "port", "00-90-8F-11-22-33:002"),
        ("SEP 00-90-8F-11-22-33 2", "port", "00-90-8F-11-22-33:002"),
        ("ATA-00-90-8F-11-22-33 2", "port", "00-90-8F-11-22-33:002"),
        ("0:4:f2:81:24:b9:002", "dropped_zeros", "00-04-F2-81-24-B9:002"),
        ("0:4:f2:81:24:12a", "length", ""),
        ("0:4:f2:81:24", "length", ""),
        ("-04-F2-81-24-B3", "not_hexadecimal", ""),
        ("00-04-F2-81-24~B3", "not_hexadecimal", ""),
    ],
)
def test_the_reason_is_named(text: str, rule: str, suggestion: str) -> None:
    with pytest.raises(HardwareIdError) as caught:
        HardwareId.parse(text)
    assert (caught.value.rule, caught.value.suggestion) == (rule, suggestion)


@pytest.mark.parametrize("digit", HEX)
def test_an_odd_second_digit_is_that_of_many_devices(digit: str) -> None:
    found = read(f"1{digit}-04-F2-81-24-B3")
    if digit in "13579BDF":
        assert isinstance(found, HardwareIdError)
        assert found.rule == "multicast"
    else:
        assert isinstance(found, HardwareId)


def test_an_address_has_the_ports_that_adapters_have() -> None:
    one = HardwareId.parse("00-04-F2-81-24-B3")
    assert HardwareId.parse(one) is one
    assert one.port is None
    for port in (1, 17, 288):
        assert one.with_port(port) == f"{one}:{port:03}"
        assert one.with_port(port).port == port
        assert one.with_port(port).with_port(2) == f"{one}:002"
    for port in (0, 289, -1):
        with pytest.raises(ValueError, match="no adapter has a port"):
            one.with_port(port)
