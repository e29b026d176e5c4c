"""The files of a journal are looked at while other processes make and remove some of them."""

import threading
from pathlib import Path

import pytest

from siptui.runs.journal.private_file import make_private
from siptui.runs.journal.sqlite_file import COMPANIONS, with_suffix


@pytest.mark.parametrize("suffix", COMPANIONS)
def test_a_companion_that_goes_while_it_is_looked_at_is_no_fault(
    tmp_path: Path, suffix: str
) -> None:
    path, over = tmp_path / "journal.db", threading.Event()
    companion = with_suffix(path, suffix)

    def come_and_go() -> None:
        while not over.is_set():
            companion.touch(mode=0o600)
            companion.unlink()

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        for _ in range(500):
            make_private(path)
    finally:
        over.set()
        other.join()
    assert path.is_file()
