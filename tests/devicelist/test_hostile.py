"""Any bytes whatever are a device list or a clear refusal."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siptui.devicelist import DeviceList
from siptui.domain.region import Region
from tests.devicelist.support import strings
from tests.fuzz.lists import attack, outcome

SEEDS = 1_500


@pytest.mark.slow
@pytest.mark.no_cover  # tracing doubles its time, and the other tests reach the same lines
def test_mutated_lists(tmp_path: Path) -> None:
    rnd = random.Random(20_260_101)
    lists = sum(attack(tmp_path, rnd, number) for number in range(SEEDS))
    assert lists > SEEDS / 3


@settings(max_examples=120, deadline=None)
@given(st.binary(max_size=400) | st.binary(max_size=200).map(b"Username,HardwareId\n".__add__))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    found = outcome(path, Region.EMEA)
    assert isinstance(found, tuple) or found.file == str(path)


LONG = {
    "a quote on every line": '"\n' * 20_000,
    "a quote never closed": '"x\n' + 'a"b"c"\n' * 20_000,
    "a long line and a quote": 'a@c.de,0004F28124B3,"' + "x" * 100_000 + "\n" + '"y" z\n' * 5_000,
    "very many cells": "," * 200_000 + "x\n",
    "wrapped again and again": "=" + '"="' * 20_000 + "\n",
    "a very long line": "a@c.de," + "\x01" * 2_000 + "\n" + "a" * 900_000 + "\n",
    "one device all over": "a@c.de,0004F28124B3\n" * 20_000,
}


HEADERS = {
    "equal headers": ",x" * 900,
    "headers numbered by hand": "".join(f",x,x ({n})" for n in range(400)),
}


@pytest.mark.parametrize("more", HEADERS.values(), ids=HEADERS)
def test_headers_made_to_take_long_do_not(tmp_path: Path, more: str) -> None:
    path = tmp_path / "list.csv"
    row = "a@c.de,0004F28124B3" + ",1" * more.count(",")
    path.write_text(f"Username,HardwareId{more}\n{row}\n")
    found = outcome(path, Region.EMEA)
    assert isinstance(found, DeviceList)
    assert len(found.devices[0].extra) == more.count(",")


def test_a_list_has_only_so_many_columns(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Username,HardwareId" + ",x" * 40_000 + "\n")
    assert outcome(path, Region.EMEA)[0] == "too_many_columns"


@pytest.mark.parametrize("body", LONG.values(), ids=LONG)
def test_lists_made_to_take_long_do_not(tmp_path: Path, body: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Username,HardwareId\n" + body)
    found = outcome(path, Region.EMEA)
    assert isinstance(found, DeviceList)
    assert found.has_errors
    assert max(map(len, strings(found))) <= 2**17
