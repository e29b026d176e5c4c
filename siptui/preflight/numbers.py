"""The phone number that a row of the list names for its account, and where that comes from."""

import re

from msgspec import Struct

from siptui.domain.columns import cell_of
from siptui.domain.device import Device
from siptui.gateway.tenant_model import NumberType

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_PUNCTUATION = re.compile(r"[\s().\-/]")


class Wanted(Struct, frozen=True):
    """A number to assign, E.164, and where it comes from."""

    number: str
    kind: NumberType


def wanted_number(device: Device, usual: NumberType) -> Wanted | str:
    """What the row's `PhoneNumber` column asks for, or why it asks for nothing that can be done.

    Its `NumberType` column beats `usual`.
    """
    raw = cell_of(device.extra, "phone_number")
    if not raw:
        return "Give the number in a PhoneNumber column of the list."
    if "(0)" in raw.replace(" ", ""):  # part of the number in no country that writes it so
        return f"“{raw}” in the PhoneNumber column has a (0): write the number as +4930123456."
    number = _PUNCTUATION.sub("", raw.removeprefix("tel:"))
    if not _E164.fullmatch(number):
        return f"“{raw}” in the PhoneNumber column is no number of the form +4930123456."
    word = cell_of(device.extra, "number_type").casefold()
    kind = {kind.casefold(): kind for kind in NumberType}.get(word) if word else usual
    if kind is None:
        return f"The NumberType column names none of {', '.join(NumberType)}."
    return Wanted(number, kind)
