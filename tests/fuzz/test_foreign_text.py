"""Foreign text that reaches a log or an export is data there as well, whatever is in it."""

import json
import logging
import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from siptui.devicelist.writing import csv_text, json_text
from siptui.domain.text import visible
from siptui.logs.start import JsonLines
from siptui.runs.output.export_rows import result_rows
from siptui.runs.state import RunState
from tests.devicelist.support import read_text

#: Control characters but the end of a line, what reorders text, separators of lines.
_BAD = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
_TEXT = st.text(
    st.characters(codec="utf-8")
    | st.sampled_from("\x00\x1b\x07\x9b\r\n\t\u202e\u2066\u200f\u2028=+-@\"',;|[]"),
    max_size=30,
)


@given(message=_TEXT, path=_TEXT, why=_TEXT)
def test_a_line_of_the_log_is_one_line_that_steers_nothing(
    message: str, path: str, why: str
) -> None:
    record = logging.LogRecord("siptui.x", logging.INFO, "x.py", 1, "%s", (message,), None)
    record.path = path
    record.exc_info = (ValueError, ValueError(why), None)
    line = JsonLines().format(record)
    assert "\n" not in line
    assert not _BAD.search(line)
    assert json.loads(line)["level"] == "info"


@settings(max_examples=60, deadline=None)
@given(site=_TEXT, error=_TEXT, header=_TEXT)
def test_an_export_steers_nothing_and_calculates_nothing(
    tmp_path_factory: object, site: str, error: str, header: str
) -> None:
    cells = [cell.replace('"', '""') for cell in (header, site)]
    text = f'Username,HardwareId,"{cells[0]}"\na@contoso.com,00-04-F2-00-00-01,"{cells[1]}"\n'
    found = read_text(_folder(tmp_path_factory), text.replace("\x00", "\x01"))
    state = RunState("run", found.devices)
    for record in state.devices:
        record.error, record.word = visible(error), visible(error)
    rows = result_rows(state, state.devices)
    for exported in (csv_text(rows), csv_text(rows, raw=True), json_text("run", rows)):
        assert not _BAD.search(exported.replace("\r\n", "\n").removeprefix("\ufeff")), exported
    for cell in re.findall(r'"((?:[^"]|"")*)"', csv_text(rows)):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell


def _folder(factory: object) -> Path:
    return Path(factory.getbasetemp())  # type: ignore[attr-defined]
