"""What tests of runs share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runs.journal_of_runs import JournalOfRuns


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[JournalOfRuns]:
    """A journal without any run."""
    made = JournalOfRuns(tmp_path / "work" / "journal.db")
    yield made
    made.close()
