"""`info --data`: every file that siptui keeps is in the list, with its size and oldest moment."""

import json
import os
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from siptui.cli.group import cli
from tests.worker.installation import FAST, json_lines, write_list
from tests.worker.signed_in import SignedInInstallation, signed_in_installation


def _all(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with its size and its last change."""
    return {
        str(path): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }


def _asked(place: SignedInInstallation) -> list[dict[str, Any]]:
    (line,) = json_lines(place.run("info", "--data", "--json").stdout)
    own = str(place.folder)  # without the short notes of all of this user's installations
    data: list[dict[str, Any]] = line["data"]
    return [one for one in data if one["folder"].startswith(own)]


def test_every_file_of_a_run_is_in_the_list_once(tmp_path: Path) -> None:
    with signed_in_installation(tmp_path, speed=FAST) as place:
        place.sign_in("--store", "file")
        file = write_list(tmp_path / "phones.csv", range(1, 4))
        with place.process("run", str(file), "--region", "EMEA", "--yes", "--json") as process:
            process.communicate(timeout=120)
        assert process.returncode == 0
        profile = place.folder / "state" / "lab"
        (profile / "fixes.jsonl").write_text('{"fix":"a","at":"2026-03-04T05:06:07Z"}\n')
        (profile / "console.json").write_text("{}")
        (profile / "what is this").write_text("?")
        (profile / "strange").symlink_to("/etc")
        before = _all(place.folder / "state") | _all(place.folder / "config")
        data = _asked(place)
        assert _all(place.folder / "state") | _all(place.folder / "config") == before
        assert sum(one["bytes"] for one in data) == sum(size for size, _ in before.values())
        listed = Counter(Path(one["folder"]) / name for one in data for name in one["names"])
        assert set(listed.values()) == {1}
        for path in map(Path, before):
            assert any(part in listed for part in (path, *path.parents)), path
        kinds = {one["kind"]: one for one in data if one["profile"] == "lab"}
        assert {"journal", "journal copy", "sign-in", "record of changes", "other"} <= set(kinds)
        assert set(kinds["other"]["names"]) == {"strange", "what is this"}
        assert kinds["record of changes"]["since"] == "2026-03-04T05:06:07Z"
        assert kinds["journal"]["since"] == kinds["journal copy"]["since"]
        assert kinds["sign-in"]["since"] is None
        assert all(one["changed"] for one in data)
        told = place.run("info", "--data").stdout
        for kind in kinds:
            assert kind in told


def test_a_journal_that_is_written_to_damaged_or_of_no_profile(
    tmp_path: Path, own_folders: Path
) -> None:
    gone = own_folders / "state" / "gone"
    gone.mkdir(parents=True)
    journal = gone / "journal.db"
    with closing(sqlite3.connect(journal)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE runs (run TEXT, created TEXT)")
        db.execute("INSERT INTO runs VALUES ('a', '2025-01-02T03:04:05Z')")
        db.commit()
        db.execute("BEGIN IMMEDIATE")  # a process is about to write
        (one,) = _of("gone")
        assert one["since"] == "2025-01-02T03:04:05Z"
    journal.write_bytes(b"no database" * 100)
    (one,) = _of("gone")
    assert (one["since"], one["bytes"]) == (None, 1100)
    os.truncate(journal, 0)
    assert _of("gone")[0]["since"] is None


def _of(profile: str) -> list[dict[str, Any]]:
    said = json.loads(CliRunner().invoke(cli, ["info", "--data", "--json"]).stdout)
    return [one for one in said["data"] if one["profile"] == profile]


def test_nothing_is_made_by_looking(own_folders: Path) -> None:
    assert CliRunner().invoke(cli, ["info", "--data"]).exit_code == 0
    assert not (own_folders / "state").exists()
    assert CliRunner().invoke(cli, ["info", "--data", "--hosts"]).exit_code == 2


def test_one_folder_for_configuration_and_state(
    tmp_path: Path, own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CONFIG", "STATE"):
        monkeypatch.setenv(f"SIPTUI_{name}_DIR", str(tmp_path / "both"))
    for part in ("config.toml", "themes/own.toml", "logs/siptui.log", "siptui/journal.db.copy"):
        (file := tmp_path / "both" / part).parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    said = json.loads(CliRunner().invoke(cli, ["info", "--data", "--json"]).stdout)
    own = [one for one in said["data"] if one["folder"].startswith(str(tmp_path))]
    assert [(one["profile"], one["kind"], one["names"]) for one in own] == [
        (None, "configuration", ["config.toml"]),
        (None, "themes", ["themes/"]),
        (None, "logs", ["siptui.log"]),
        ("siptui", "journal copy", ["journal.db.copy"]),
    ]
