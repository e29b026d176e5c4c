"""What the shell offers for a word that is being typed."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from siptui.cli.group import cli
from tests.worker.installation import Installation, installed, write_list


def _offered(place: Installation | None, words: str) -> set[str]:
    env = {
        "_SIPTUI_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = CliRunner().invoke(cli, env={**(place.env if place else {}), **env})
    assert done.exit_code == 0
    return {
        line.partition(",")[2] for line in done.stdout.splitlines() if line.startswith("plain,")
    }


def test_runs_and_profiles(tmp_path: Path) -> None:
    with installed(tmp_path / "lab", "[timing]\ndevice = [1, 2]\n") as place:
        file = write_list(tmp_path / "list.csv", range(2))
        assert place.run("run", str(file), "--region", "EMEA", "--yes", "--json").exit_code == 0
        (run,) = place.runs()
        named = ("show", "pause", "stop", "export", "attach", "resume", "retry", "handover")
        for name in named:
            assert _offered(place, f"siptui {name} ") >= {run, "@last"}, name
        assert _offered(place, f"siptui show {run[:9]}") == {run}
        assert _offered(place, "siptui show --profile lab ") >= {run}
        assert _offered(place, "siptui show --profile other ") == set()
        assert _offered(place, "siptui runs --profile l") == {"lab"}


def test_what_is_not_there_offers_nothing() -> None:
    assert _offered(None, "siptui show ") == set()
    assert _offered(None, "siptui run no-such-file.csv --where ") == set()


def test_themes() -> None:
    assert _offered(None, "siptui demo --theme siptui-d") == {"siptui-dark"}
    assert _offered(None, "siptui --theme siptui-d") == {"siptui-dark"}


@pytest.mark.parametrize("name", ["check", "status", "preflight", "run", "fix", "report"])
def test_columns_of_the_list(tmp_path: Path, name: str) -> None:
    file = tmp_path / "list.csv"
    file.write_text(
        "Username,HardwareId,Region,Site\n"
        "a@contoso.example,00-04-F2-00-00-01,EMEA,Berlin\n"
        "b@contoso.example,00-04-F2-00-00-02,EMEA,Paris\n"
    )
    assert "Site=" in _offered(None, f"siptui {name} {file} --where ")
    assert _offered(None, f"siptui {name} {file} --where Site=B") == {"Site=Berlin"}
    assert _offered(None, f"siptui {name} {file} --column user") == {"username="}
    assert _offered(None, f"siptui {name} {file} --column username=U") == {"username=Username"}


def test_the_column_to_go_by(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("Username,HardwareId,Site\na@contoso.example,00-04-F2-00-00-01,Berlin\n")
    assert _offered(None, f"siptui run {file} --by S") == {"Site"}
