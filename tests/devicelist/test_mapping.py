"""Headers that a profile names: they alone count, and must be there."""

from pathlib import Path

import pytest

from siptui.devicelist import DeviceList, ListError, csv_text, read
from siptui.devicelist.writing import ResultRow
from siptui.domain.columns import Mapped
from siptui.domain.deadline import deadline_of
from siptui.domain.list_options import ListOptions
from siptui.domain.region import Region
from siptui.gateway.tenant_model import NumberType
from siptui.preflight.numbers import Wanted, wanted_number
from tests.devicelist.support import pairs, rules

MAPPED = Mapped(
    {
        "username": ("Teams Konto", "Konto neu"),
        "hardware_id": ("Inventar/MAC",),
        "region": ("Zone",),
        "model": ("Baumuster",),
        "onboarded_at": ("Ausgabe",),
        "phone_number": ("Durchwahl",),
    },
    "[profiles.a.columns] of config.toml",
)
HEAD = "UPN;teams-konto;MAC;Inventar MAC;Zone;Baumuster;Ausgabe;Durchwahl;PhoneNumber\n"
ROW = "me@c.de;lobby@c.de;0004F28124B4;0004F28124B3:005;emea;MP-114;2025-03-31;+4930123456;x\n"


def read_mapped(folder: Path, text: str, columns: Mapped = MAPPED) -> DeviceList:
    path = folder / "list.csv"
    path.write_text(text)
    return read(path, options=ListOptions(columns))


def test_they_are_read_whatever_else_the_list_has(tmp_path: Path) -> None:
    found = read_mapped(tmp_path, HEAD + ROW)
    assert pairs(found) == [(2, "lobby@c.de", "00-04-F2-81-24-B3:005")]
    assert rules(found, "warning") == [(2, "Baumuster", "port_not_served")]
    (device,) = found.devices
    assert device.region is Region.EMEA
    assert wanted_number(device, NumberType.CALLING_PLAN) == Wanted(
        "+4930123456", NumberType.CALLING_PLAN
    )
    assert (deadline := deadline_of(device)) is not None
    assert deadline.date().isoformat() == "2025-04-03"
    assert {"UPN", "MAC", "PhoneNumber (2)"} <= set(device.extra)
    assert "user name from “teams-konto” (named by “username” in [profiles.a" in found.notes[0]
    assert "[profiles.a.columns]" in found.notes[0]


def test_one_that_is_not_there_is_named_with_where_it_is_written(tmp_path: Path) -> None:
    with pytest.raises(ListError) as caught:
        read_mapped(tmp_path, HEAD.replace("teams-konto", "Username") + ROW)
    assert caught.value.code == "mapped_column"
    assert "“Teams Konto” or “Konto neu”" in caught.value.message
    assert "the user name is to be read" in caught.value.message
    assert "“Username”" in caught.value.message
    assert "“username” in [profiles.a.columns] of config.toml" in caught.value.remedy
    with pytest.raises(ListError) as caught:
        read_mapped(tmp_path, "lobby@c.de;0004F28124B3\n")
    assert caught.value.code == "no_header"
    with pytest.raises(ListError) as caught:
        read_mapped(tmp_path, HEAD.replace("UPN", "Teams Konto") + ROW)
    assert caught.value.code == "ambiguous_header"


def test_a_list_that_siptui_wrote_is_read_by_its_own_headers(tmp_path: Path) -> None:
    (device,) = read_mapped(tmp_path, HEAD + ROW).devices
    row = ResultRow(2, device.user_name, device.hardware_id, device.region, extra=device.extra)
    again = read_mapped(tmp_path, csv_text([row]))
    assert pairs(again) == [(2, device.user_name, device.hardware_id)]
    assert again.devices[0].extra["PhoneNumber"] == device.extra["PhoneNumber"]
    assert deadline_of(again.devices[0]) == deadline_of(device)


def test_a_list_need_not_have_every_column_that_a_profile_names(tmp_path: Path) -> None:
    (device,) = read_mapped(tmp_path, HEAD.replace("Zone", "Region") + ROW).devices
    assert device.region is Region.EMEA
    given = Mapped({"region": ("Zone",)}, "--column", frozenset(["region"]))
    with pytest.raises(ListError) as caught:
        read_mapped(tmp_path, HEAD.replace("Zone", "Region") + ROW, given.over(MAPPED))
    assert "--column region" in caught.value.remedy


def test_what_is_named_for_one_list_goes_before_the_profile(tmp_path: Path) -> None:
    given = Mapped(
        {"username": ("UPN",), "region": ()}, "--column", frozenset(["username", "region"])
    )
    text = HEAD + ROW
    found = read_mapped(tmp_path, text.replace("Zone", "Region"), given.over(MAPPED))
    assert pairs(found) == []
    assert rules(found) == [(2, "Region", "region_missing")]
    assert found.headers_read["username"] == "UPN"
    assert found.headers_read["hardware_id"] == "Inventar MAC"
    assert any("“Region” is not read as the region" in note for note in found.notes)
