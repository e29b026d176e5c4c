"""Names that Windows cannot have, long paths and shares: refused in a sentence, or they work."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from siptui.cli.group import cli
from siptui.devicelist.writing import WriteError, write_new
from siptui.runs.journal.backup import BackupError, write_backup
from siptui.runs.journal.journal import Journal
from tests.worker.installation import write_list

_NAMES = ("CON", "aux.csv", "nul.db", "a.", "a ", "x:y")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIPTUI_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("SIPTUI_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "out").mkdir()
    assert _said("profiles", "add", "here", "--tenant", "contoso.example").exit_code == 0
    return tmp_path / "out"


def _said(*args: str) -> Result:
    found = CliRunner().invoke(cli, args)
    assert "fault of siptui" not in found.output, found.output
    return found


@pytest.mark.parametrize("name", _NAMES)
def test_no_file_of_such_a_name_is_written(folder: Path, name: str) -> None:
    target = Path(f"{folder}\\{name}")
    for force in ((), ("--force",)):
        refused = _said("urls", *force, "-o", str(target))
        assert refused.exit_code != 0
        assert "Windows" in refused.output
        with pytest.raises(WriteError, match="Windows"):
            write_new(target, b"x", force=bool(force))
    with Journal(folder.parent / "journal.db") as journal:
        for replace in (False, True):
            with pytest.raises(BackupError, match="Windows"):
                write_backup(journal, target, replace=replace)
    assert list(folder.iterdir()) == []


def test_lists_are_read_and_files_written_by_long_paths(folder: Path) -> None:
    long = folder
    while len(str(long)) < 300:
        long /= "x" * 50
    long.mkdir(parents=True)
    phones = write_list(long / "phones.csv", range(2))
    assert _said("check", str(phones), "--region", "EMEA").exit_code == 0
    assert _said("urls", "-o", str(long / "urls.csv")).exit_code == 0
    assert _said("urls", "--force", "-o", str(long / "urls.csv")).exit_code == 0
    assert sorted(path.name for path in long.iterdir()) == ["phones.csv", "urls.csv"]


def test_a_share_that_is_not_there_is_named(folder: Path) -> None:
    share = r"\\nohost.invalid\share\phones.csv"
    for words in (("check", share, "--region", "EMEA"), ("urls", "-o", share)):
        refused = _said(*words)
        assert refused.exit_code != 0
        assert "nohost.invalid" in refused.output
