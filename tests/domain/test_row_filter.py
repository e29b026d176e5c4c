"""`--where` and the console's filter, whatever is typed."""

import csv
import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from siptui.devicelist import DeviceList
from siptui.devicelist.part import EmptyPartError, part_of
from siptui.domain import row_filter
from siptui.domain.errors import UsageError
from siptui.domain.row_filter import condition, conditions, in_words
from siptui.domain.text import visible
from siptui.tui.console.filters import Probe, compile_filter, flaw
from tests.devicelist.support import read_text

#: What operators paste, and what looks like something else: patterns, quotes, digits and letters
#: of other scripts, text from right to left, marks that are drawn as nothing.
ODD = (
    *("(", "[a-", "a{9999}", "(a+)+$", ".*", "\\", "\\d", "^$", "$(x)", "%s", "{0}", "*", "?"),
    *('"', "'", '"a', "a'b", "“a”", "`", "٣", "１２", "Ⅻ", "²", "١٢٣", "0x1", "1e9", "-1", "+1"),
    *("שלום", "مرحبا", "\u202eabc", "a\u200fb", "\u2066x\u2069", "\u200b", "\xad", "\ufeff"),
    *("\x00", "\x1b[2J", "\x9b1m", "\r", "\x85", "\u2028", "ß", "ﬁ", "İ", "ı", "ǰ", "u\u0308"),
    *(
        "😀",
        "\U0001f468\u200d\U0001f469",
        "\ud800",
        "x" * 40_000,
        "a," * 9_000,
        "!" * 999,
        ":" * 99,
    ),
)
_PIECES = (*ODD, "=", "!", ":", ",", " ", "Site")
_TYPED = st.one_of(
    st.text(max_size=40),
    # By number: a description of these texts would be of tens of kilobytes.
    st.lists(st.integers(0, len(_PIECES) - 1), max_size=6).map(
        lambda numbers: "".join(_PIECES[n] for n in numbers)
    ),
)
#: What a cell of a list may say, in the form in which it is kept.
_CELLS = st.one_of(st.text(max_size=20), st.sampled_from(ODD[:40])).map(
    lambda text: visible(text).strip()
)


def _bounded(text: str) -> None:
    assert len(text) < 10_000
    assert visible(text.replace("\n", " ")) == text.replace("\n", " ")


@given(texts=st.lists(_TYPED, max_size=4), cell=st.text(max_size=9))
@example(["x" * 100_000 + "=" + "y" * 100_000], "")
@example(["Site=" + "a," * 50_000], "a")
@example(["Site=" + ",".join(f"s{n}" for n in range(9_000))], "s8999")
def test_whatever_is_typed_is_a_condition_or_told_in_few_words(
    texts: Sequence[str], cell: str
) -> None:
    try:
        wanted = conditions(texts)
    except UsageError as error:
        told = error
    else:
        _bounded(in_words(wanted))
        assert all(one.test()(cell) in (True, False) for one in wanted)
        return
    _bounded(told.message)
    _bounded(told.remedy)


@given(cell=_CELLS, blanks=st.sampled_from(("", " ", "\t", "\xa0 ")))
def test_a_cell_is_found_by_what_it_says_however_it_is_written(cell: str, blanks: str) -> None:
    assume(not cell.startswith("="))  # `==` is what programmers type for `=`
    for form in ("NFC", "NFD"):
        typed = blanks + unicodedata.normalize(form, cell) + blanks
        assert condition(f"Site={typed}").test()(cell)
        assert condition(f"Site=={typed}").test()(cell)
        assert not condition(f"Site!={typed}").test()(cell)
        assert condition(f"Site={cell}").test()(typed)
    assert not condition(f"Site={cell}").test()(f"{cell}\u2060x")


@given(typed=_CELLS, cell=_CELLS, sign=st.sampled_from(("=", "!=", "==", "!==")))
@example("bonn", "Bonn", "==")
def test_the_console_takes_a_column_for_what_where_takes_it(
    typed: str, cell: str, sign: str
) -> None:
    """But for blanks, which divide words there."""
    assume(typed.split() == [typed] or not typed)
    test = compile_filter(f"site{sign}{typed}", {"site": "Site"})
    assert test is not None
    assert test(Probe("", extra={"Site": cell})) is condition(f"Site{sign}{typed}").test()(cell)


@given(text=_TYPED, columns=st.dictionaries(_TYPED, _TYPED, max_size=3))
@example("x" * 100_000 + ":1", {"x" * 99_999: "x"})
def test_whatever_is_typed_is_a_filter_with_or_without_a_flaw(
    text: str, columns: dict[str, str]
) -> None:
    flaw(text, columns, {"cause": "nothing yet"})
    test = compile_filter(text, columns)
    probe = Probe("a b", user="a", hardware_id="64-16-7f-0a-11-02", extra={"Site": "x"})
    assert test is None or test(probe) in (True, False)


_NAMES = st.one_of(st.text(min_size=1, max_size=12), st.sampled_from(ODD[:40]))


def _list(folder: Path, headers: Sequence[str], cells: Sequence[Sequence[str]]) -> DeviceList:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["Username", "HardwareId", *headers])
    for n, row in enumerate(cells):
        writer.writerow([f"a{n}@c.de", f"00-04-F2-00-00-0{n}", *row])
    return read_text(folder, out.getvalue().encode("utf-8", "replace"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    headers=st.lists(_NAMES, min_size=1, max_size=3),
    cells=st.lists(st.lists(_CELLS, min_size=3, max_size=3), min_size=1, max_size=4),
)
def test_each_row_of_a_list_with_odd_columns_is_found_by_its_cells(
    tmp_path: Path, headers: list[str], cells: list[list[str]]
) -> None:
    """Whatever further columns are called: the header is found, no row is lost, and a part that is
    named by a cell as it is shown holds its row."""
    try:
        found = _list(tmp_path, headers, [row[: len(headers)] for row in cells])
    except UsageError as error:
        refused = error
    else:
        assert len(found.devices) + len(found.invalid) + len(found.left_out) == len(cells)
        for device in found.devices:
            for name, cell in device.extra.items():
                if "=" in name or name.endswith("!") or cell.startswith("="):
                    continue  # the first sign ends the name, the second is passed over
                assert device in part_of(found, conditions([f"{name}={cell}"])).devices
        return
    _bounded(refused.message)


def test_thousands_of_values_are_made_ready_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _list(tmp_path, ["Site"], [["Bonn"]] * 9)
    folded: list[str] = []
    fold = row_filter._folded

    def counted(text: str) -> str:
        folded.append(text)
        return fold(text)

    monkeypatch.setattr(row_filter, "_folded", counted)
    values = [f"Site {n}" for n in range(3_000)]
    with pytest.raises(EmptyPartError) as caught:
        part_of(found, conditions([f"Site={','.join(values)}"]))
    assert len(folded) < len(values) + 50
    assert "“" not in caught.value.message
    assert "Site 11 or 2,988 more" in caught.value.message
