"""The waves of a run, as options made from what was typed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from siptui.domain.moments import NoMomentError
from siptui.domain.row_filter import NoSuchColumnError
from siptui.runs.events import Options
from siptui.runs.waves import MAX_FAILURES, Waves, columns
from tests.devicelist.support import read_text

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LIST = "UPN,MAC,Room,Standort\na@c.de,0004F28124B3,1,HQ\nb@c.de,0004F28124B4,2,HQ\n"


def test_without_waves_a_run_goes_out_as_a_whole(tmp_path: Path) -> None:
    found = read_text(tmp_path, LIST)
    before = Options(batch_size=7, by="Room", first=3, not_before="x", until="y")
    assert Waves().over(before, found, NOW) == Options(batch_size=7, max_failures=MAX_FAILURES)
    assert MAX_FAILURES == 10


def test_each_wave_is_an_option_of_the_run(tmp_path: Path) -> None:
    found = read_text(tmp_path, LIST)
    waves = Waves("site", 5, 25.0, "2026-03-02T09:00:00Z", "2026-03-02T12:00:00+02:00")
    assert waves.over(Options(), found, NOW) == Options(
        by="Standort",
        first=5,
        max_failures=25.0,
        not_before="2026-03-02T09:00:00.000Z",
        until="2026-03-02T10:00:00.000Z",
    )
    one = read_text(tmp_path, LIST.partition("b@")[0])
    assert columns(found) == columns(one) == ["Room", "Standort"]
    assert columns(read_text(tmp_path, "UPN,MAC\n")) == []


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    found = read_text(tmp_path, LIST)
    with pytest.raises(NoSuchColumnError):
        Waves("Etage").over(Options(), found, NOW)
    with pytest.raises(NoMomentError):
        Waves(until="2026-03-02T07:59:00Z").over(Options(), found, NOW)
