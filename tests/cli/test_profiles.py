"""Profiles without an editor: the file keeps what is in it, runs and sign-ins are never lost."""

import json
import multiprocessing
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from siptui.cli.group import cli
from siptui.runs.journal.journal import Journal
from siptui.settings.folders import folders
from siptui.settings.load import load
from siptui.settings.write import add_profile
from tests.worker.installation import FAST, installed, json_lines, until, write_list
from tests.worker.signed_in import signed_in_installation

_FILE = """\
# Our customers. Ask Anna before you change this.
default_profile = 'fabrikam'   # the biggest

[profiles.fabrikam]
tenant = "fabrikam.example"  # since 2024
# region = "NOAM"

# The hospital: read only until March.
[profiles."st.mary"]
tenant = "mary.example"
read_only = true

[clouds.lab]
authority = "https://localhost:9443"
admin_api = "http://127.0.0.1:9080"

[profiles.fabrikam.columns]
username = "UPN"

[profiles.adatum]
tenant = "adatum.example"
"""


@pytest.fixture
def config(own_folders: Path) -> Path:
    path = folders().config_file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_FILE)
    path.parent.chmod(0o700)
    return path


def _siptui(*args: str, **env: str) -> Result:
    return CliRunner().invoke(cli, args, env=env)


def test_each_change_leaves_every_other_line_as_it_was(config: Path) -> None:
    assert _siptui("profiles", "use", "st.mary").exit_code == 0
    first = config.read_text()
    assert first == _FILE.replace("'fabrikam'   #", '"st.mary"   #')
    assert _siptui("profiles", "rename", "fabrikam", "fabrikam.eu").exit_code == 0
    second = first.replace("[profiles.fabrikam]", '[profiles."fabrikam.eu"]')
    second = second.replace("[profiles.fabrikam.columns]", '[profiles."fabrikam.eu".columns]')
    assert config.read_text() == second
    added = _siptui(
        *("profiles", "add", "contoso", "--tenant", "contoso.com", "--region", "emea"),
        *("--accent", "orange", "--use"),
    )
    assert added.exit_code == 0, added.stderr
    assert "siptui auth login --profile contoso" in added.stdout
    settings = load()
    assert settings.default_profile == "contoso"
    assert settings.profiles["contoso"].accent == "#e8871e"
    assert list(settings.profiles) == ["fabrikam.eu", "st.mary", "adatum", "contoso"]
    assert _siptui("profiles", "remove", "fabrikam.eu").exit_code == 0
    third = config.read_text()
    assert "fabrikam" not in third
    for kept in ("# Our customers", "# The hospital", "# the biggest", "[clouds.lab]"):
        assert kept in third
    assert "read_only = true\n\n[clouds.lab]" in third
    gone = _siptui("profiles", "remove", "contoso")
    assert "siptui profiles use" in gone.stdout
    assert load().default_profile == ""
    assert _siptui("profiles", "remove", "st.mary").exit_code == 0
    assert _siptui("profiles", "remove", "adatum").exit_code == 0
    assert load().profiles == {}
    assert "[clouds.lab]" in config.read_text()


@pytest.mark.parametrize(
    "args",
    [
        ("add", "adatum", "--tenant", "x.example"),
        ("add", "ADATUM", "--tenant", "x.example"),
        ("add", "logs", "--tenant", "x.example"),
        ("add", "../x", "--tenant", "x.example"),
        ("add", "x", "--tenant", "no tenant"),
        ("add", "x", "--tenant", "x.example", "--cloud", "mars"),
        ("add", "x", "--tenant", "x.example", "--accent", "loud"),
        ("use", "nobody"),
        ("rename", "nobody", "x"),
        ("rename", "adatum", "fabrikam"),
        ("rename", "adatum", "a/b"),
        ("remove", "nobody"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(config: Path, args: tuple[str, ...]) -> None:
    refused = _siptui("profiles", *args)
    assert refused.exit_code == 2
    assert "Traceback" not in refused.stderr
    assert "--profile names" not in refused.stderr
    assert "Correct it in" not in refused.stderr  # the file is in order
    assert config.read_text() == _FILE


def test_comments_about_the_next_table_stay_when_a_profile_is_removed(config: Path) -> None:
    config.write_text(
        '[profiles.a]\ntenant = "a.example"\n# its region\nregion = "EMEA"\n'
        "# b is the hospital\u2028[profiles.a]\n# call first\n"
        '[profiles.b]\ntenant = "b.example"\n'
    )
    assert _siptui("profiles", "remove", "a").exit_code == 0
    assert config.read_text() == (
        '# b is the hospital\u2028[profiles.a]\n# call first\n[profiles.b]\ntenant = "b.example"\n'
    )


def test_a_form_that_cannot_be_changed_without_a_loss_is_left_to_an_editor(config: Path) -> None:
    text = 'profiles = { a = { tenant = "a.example" }, b = { tenant = "b.example" } }\n'
    config.write_text(text)
    refused = _siptui("profiles", "remove", "a")
    assert refused.exit_code == 2
    assert "an editor" in refused.stderr
    added = _siptui("profiles", "add", "c", "--tenant", "c.example")
    assert added.exit_code == 2
    assert "an editor" in added.stderr
    assert config.read_text() == text
    assert _siptui("profiles", "use", "b").exit_code == 0
    assert load().default_profile == "b"


def test_a_link_stays_one_and_a_read_only_file_is_not_replaced(
    config: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "dotfiles" / "siptui.toml"
    kept.parent.mkdir(mode=0o700)
    kept.write_bytes(b"\xef\xbb\xbf" + _FILE.replace("\n", "\r\n").encode())
    config.unlink()
    config.symlink_to(kept)
    assert _siptui("profiles", "use", "adatum").exit_code == 0
    assert config.is_symlink()
    wanted = _FILE.replace("'fabrikam'   #", '"adatum"   #').replace("\n", "\r\n").encode()
    assert kept.read_bytes() == b"\xef\xbb\xbf" + wanted
    assert _siptui("profiles", "add", "x", "--tenant", "x.example").exit_code == 0
    assert b"\n" not in kept.read_bytes().replace(b"\r\n", b"")
    kept.chmod(0o400)
    before = kept.read_bytes()
    for args in (("use", "fabrikam"), ("remove", "adatum"), ("add", "y", "--tenant", "y.example")):
        refused = _siptui("profiles", *args)
        assert refused.exit_code == 2
        assert "read-only" in refused.stderr
    assert kept.read_bytes() == before


def _add(number: int) -> None:
    add_profile(folders(), f"p{number}", f"t{number}.example")


def test_processes_that_change_the_file_at_once_lose_nothing(config: Path) -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        pool.map(_add, range(12), chunksize=1)
    assert set(load().profiles) == {"fabrikam", "st.mary", "adatum"} | {f"p{n}" for n in range(12)}
    assert config.read_text().startswith(_FILE.rstrip("\n"))
    assert not list(config.parent.glob(".config*"))


@pytest.mark.slow
def test_the_list_says_who_is_signed_in_and_what_ran_last(tmp_path: Path) -> None:
    with signed_in_installation(tmp_path, speed=FAST) as place:
        nobody = place.run("profiles")
        assert "-" in nobody.stdout
        place.sign_in("--store", "file")
        file = write_list(tmp_path / "phones.csv", range(1, 4))
        with place.process("run", str(file), "--region", "EMEA", "--yes", "--json") as process:
            process.communicate(timeout=120)
        more = place.run("profiles", "add", "other", "--tenant", "o.example", "--region", "NOAM")
        assert more.exit_code == 0
        assert place.run("profiles", "use", "lab").exit_code == 0
        (told,) = json_lines(place.run("profiles", "--json").stdout)
        lab, other = told["profiles"]
        assert (lab["profile"], lab["in_use"], lab["default"]) == ("lab", True, True)
        assert lab["signed_in_as"]
        assert lab["last_run"]["devices"] == 3
        assert (other["region"], other["signed_in_as"], other["last_run"]) == ("NOAM", None, None)
        shown = place.run("profiles").stdout
        assert lab["signed_in_as"] in shown
        renamed = place.run("profiles", "rename", "lab", "lab-2")
        assert renamed.exit_code == 0, renamed.stderr
        (told,) = json_lines(place.run("profiles", "--json").stdout)
        assert told["profiles"][0]["signed_in_as"] == lab["signed_in_as"]
        assert told["profiles"][0]["last_run"]["run"] == lab["last_run"]["run"]
        gone = json.loads(place.run("profiles", "remove", "lab-2", "--json").stdout)
        assert gone["signed_out"] is True
        assert {"journal", "journal copy"} <= {one["kind"] for one in gone["stays"]}
        left = [path.name for path in Path(gone["folder"]).iterdir()]
        assert "journal.db" in left
        assert not [name for name in left if name.startswith("tokens.json")]


@pytest.mark.slow
def test_a_profile_with_a_live_run_stays(tmp_path: Path) -> None:
    with installed(tmp_path, "[timing]\ndevice = [90000, 90000]\n", speed=20) as place:
        file = str(write_list(place.folder / "list.csv", range(1, 3)))
        config = place.folder / "config" / "config.toml"
        before = config.read_text()
        with place.process("run", file, "--region", "EMEA", "--yes", "--json"):
            run = until(lambda: next(iter(place.runs()), ""), "the run")
            until(place.times, "a live batch")
            for args in (("remove", "lab", "--force"), ("rename", "lab", "x")):
                refused = place.run("profiles", *args)
                assert refused.exit_code == 11
                assert run in refused.stderr
            place.kill(run)
        refused = place.run("profiles", "remove", "lab")
        assert refused.exit_code == 2
        assert "--force" in refused.stderr
        assert config.read_text() == before
        assert tomllib.loads(before)["profiles"]
        assert place.run("profiles", "remove", "lab", "--force").exit_code == 0
        with Journal(place.journal, read_only=True) as journal:
            assert journal.runs() == [run]
