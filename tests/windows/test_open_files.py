"""Files that another program has open, as a spreadsheet program has them; files of others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from siptui.host.private_files import private_folder
from siptui.identity.errors import StoreUnusableError
from siptui.identity.store import FileStore, StoreKind
from tests.support.others import let_others
from tests.support.workbooks import xlsx
from tests.windows.open_elsewhere import NOTHING, READ, Elsewhere, another_process
from tests.worker.installation import Installation, installed, write_list

_SAMPLES = Path(__file__).parents[1] / "lists"


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    with another_process() as found:
        yield found


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with the run of a list in its journal."""
    with installed(tmp_path_factory.mktemp("lab"), "healthy") as found:
        phones = write_list(found.folder / "phones.csv", range(2))
        done = found.run("run", str(phones), "--region", "EMEA", "--yes", "--foreground")
        assert done.exit_code == 0, done.output
        yield found


@pytest.mark.parametrize("how", [("-o",), ("--into",), ("--format", "json", "-o")])
def test_a_target_that_is_open_is_named_and_left_as_it_is(
    lab: Installation, elsewhere: Elsewhere, tmp_path: Path, how: tuple[str, ...]
) -> None:
    target = tmp_path / "results.csv"
    export = ("export", "@last", *how, str(target), "--force")
    assert lab.run(*export).exit_code == 0
    before = target.read_bytes()
    for share in (READ, NOTHING):
        with elsewhere.opened(target, share):
            refused = lab.run(*export)
        assert refused.exit_code == 1
        assert str(target) in refused.stderr
        assert "close it there" in refused.stderr
        assert target.read_bytes() == before
        assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]
    assert lab.run(*export).exit_code == 0


def test_a_list_that_is_open_is_read(elsewhere: Elsewhere, tmp_path: Path) -> None:
    lab_rows = [["Username", "HardwareId"], ["a@contoso.example", "00-04-F2-00-00-01"]]
    text, book = tmp_path / "phones.csv", tmp_path / "phones.xlsx"
    text.write_text("\n".join(",".join(row) for row in lab_rows))
    book.write_bytes(xlsx({"Phones": lab_rows}))
    from click.testing import CliRunner

    from siptui.cli.group import cli

    for path in (text, book):
        with elsewhere.opened(path):
            done = CliRunner().invoke(cli, ["check", str(path), "--region", "EMEA"])
        assert done.exit_code == 0, done.output
        with elsewhere.opened(path, NOTHING):
            done = CliRunner().invoke(cli, ["check", str(path), "--region", "EMEA"])
        assert done.exit_code != 0
        assert "close it there" in done.output
        assert path.name in done.output


def test_the_token_store_is_open_elsewhere_and_nothing_of_it_is_lost(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    store = FileStore(private_folder(tmp_path / "lab"), StoreKind.FILE)
    store.write(b"old")
    with elsewhere.opened(store.path):
        assert store.read() == b"old"
        with pytest.raises(StoreUnusableError, match="close it there") as caught:
            store.write(b"new")
        assert str(store.path) in caught.value.message
    assert store.read() == b"old"
    with elsewhere.opened(store.path, NOTHING), pytest.raises(StoreUnusableError) as caught:
        store.read()
    assert str(store.path) in caught.value.message
    assert [path.name for path in store.folder.iterdir()] == [store.path.name]
    with elsewhere.opened(store.path, NOTHING):  # as a virus scanner has it for a moment
        elsewhere.close_in(0.3)
        assert store.read() == b"old"
    with elsewhere.opened(store.path, READ):
        elsewhere.close_in(0.3)
        store.write(b"new")
    assert store.read() == b"new"


def test_a_configuration_that_everyone_may_write_is_refused(lab: Installation) -> None:
    config = lab.folder / "config" / "config.toml"
    let_others(config, write=True)
    refused = lab.run("runs")
    assert refused.exit_code == 2, refused.output
    assert str(config) in refused.stderr
    assert "can be written by others" in refused.stderr
    assert f'icacls "{config}"' in refused.stderr
