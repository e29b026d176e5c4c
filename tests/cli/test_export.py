"""`siptui export`: for spreadsheets, scripts, and as the next list."""

import csv
import io
import json
from pathlib import Path

from tests.cli.conftest import Finished
from tests.worker.installation import hardware_id

_FIELDS = {
    *("line", "username", "hardware_id", "region", "batch_id", "state", "attempt", "error"),
    *("cause", "remedy", "corrected_from", "extra"),
}


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_json_has_every_device_in_the_order_of_the_list(finished: Finished) -> None:
    assert finished.exit_code == 3
    done = finished.installation.run("export", finished.run, "--format", "json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["run"] == finished.run
    assert [d["hardware_id"] for d in found["devices"]] == [hardware_id(n) for n in range(9)]
    assert all(set(d) == _FIELDS for d in found["devices"])
    assert [d["line"] for d in found["devices"]] == list(range(2, 11))
    assert found["devices"][1]["extra"] == {"Room": "=1+1"}
    truth = finished.installation.truth()
    for device in found["devices"]:
        assert (device["state"], device["error"] or "") == truth[device["hardware_id"]]
        assert device["batch_id"]
        failed = device["state"] == "failed"
        # As in the lines of `run --json`: a word, or null where there is none.
        for name in ("error", "cause", "remedy"):
            assert isinstance(device[name], str if failed else type(None)), name


def test_csv_is_guarded_against_formulas_unless_raw(finished: Finished, tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    args = ("export", finished.run, "-o", str(file))
    assert finished.installation.run(*args).exit_code == 0
    assert file.stat().st_mode & 0o077 == 0
    rows = _rows(file.read_text("utf-8-sig"))
    assert [row["Room"] for row in rows[:2]] == ["", "'=1+1"]
    again = finished.installation.run(*args)
    assert again.exit_code == 1
    assert "--force" in again.stderr
    assert finished.installation.run(*args, "--raw", "--force").exit_code == 0
    assert _rows(file.read_text("utf-8-sig"))[1]["Room"] == "=1+1"


def test_the_ending_of_the_file_decides_the_format(finished: Finished, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    assert finished.installation.run("export", finished.run, "-o", str(file)).exit_code == 0
    assert json.loads(file.read_text())["run"] == finished.run


def test_the_failed_ones_are_a_list_that_run_reads(finished: Finished, tmp_path: Path) -> None:
    file = tmp_path / "failed.csv"
    done = finished.installation.run("export", finished.run, "--only", "failed", "-o", str(file))
    assert done.exit_code == 0
    plan = finished.installation.run("run", str(file), "--dry-run", "--json")
    assert plan.exit_code == 0, plan.output
    batches = json.loads(plan.stdout)["batches"]
    found = {d["hardware_id"]: b["region"] for b in batches for d in b["devices"]}
    state = finished.installation.state(finished.run)
    assert found == {
        r.device.hardware_id: str(r.device.region) for r in state.devices if r.state == "failed"
    }
    assert found


def test_a_run_nobody_knows(finished: Finished) -> None:
    done = finished.installation.run("export", "nobody")
    assert done.exit_code == 2
    assert "siptui runs" in done.stderr


def test_a_report_for_the_ticket(finished: Finished, tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    assert finished.installation.run("export", finished.run, "-o", str(file)).exit_code == 0
    text = file.read_text("utf-8")
    assert finished.run in text
    assert all(hardware_id(n) in text for n in range(9))
    done = finished.installation.run("export", finished.run, "--format", "md", "--only", "failed")
    assert "## Failed" in done.stdout
    assert "## Signed in" not in done.stdout


_ODD = "a\x1b[31m\nSigned in"


def test_paths_with_control_codes_are_shown_without_them(
    finished: Finished, tmp_path: Path
) -> None:
    shown = r"a\x1b[31m\x0aSigned in"
    for words in (["export", finished.run, "-o"], ["urls", "-o"]):
        for _ in range(2):  # written, then there already
            done = finished.installation.run(*words, str(tmp_path / f"{_ODD}.csv"))
            assert "\x1b" not in done.output
            assert f"{_ODD}.csv" not in done.output
        assert f"{shown}.csv" in done.stderr
        (tmp_path / f"{_ODD}.csv").unlink()
    done = finished.installation.run("export", finished.run, "-o", str(tmp_path / "no" / _ODD))
    assert done.exit_code != 0
    assert shown in done.stderr


def test_the_list_itself_comes_back_filled_in(finished: Finished, tmp_path: Path) -> None:
    lab, run = finished.installation, finished.run
    copy = tmp_path / "copy.csv"
    done = lab.run("export", run, "--into", str(copy))
    assert done.exit_code == 0, done.output
    assert "9 rows filled in" in done.stderr
    source = (lab.folder / "list.csv").read_text().splitlines()
    rows = copy.read_text().splitlines()
    assert len(rows) == len(source)
    assert rows[0] == source[0] + ",Status,Cause,What to do,Batch,Finished"
    assert all(row.startswith(line) for row, line in zip(rows, source, strict=True))
    states = {row.split(",")[1]: row for row in rows[1:]}
    assert ",signed in,," in states[hardware_id(1)]
    assert ",failed,offline," in states[hardware_id(0)]
    found = json.loads(lab.run("check", str(copy), "--json").stdout)
    assert found["valid"] == 9
    known = {f["line"] for f in found["faults"] if f["rule"] == "already_signed_in"}
    assert known == {n for n, row in enumerate(rows, 1) if ",signed in," in row}
    assert lab.run("export", run, "--into", str(copy)).exit_code == 1
    assert lab.run("export", run, "--into", str(copy), "--force").exit_code == 0
    copy.chmod(0o444)
    refused = lab.run("export", run, "--into", str(copy), "--force")
    assert refused.exit_code == 1
    assert f"{copy} is read-only" in refused.stderr


def test_a_list_that_moved_or_changed_is_found_by_its_rows(
    finished: Finished, tmp_path: Path
) -> None:
    lab, run = finished.installation, finished.run
    source = (lab.folder / "list.csv").read_text().splitlines()
    moved = tmp_path / "moved.csv"
    new = f"new@contoso.example,{hardware_id(77)},EMEA"
    text = [source[0], "bad row,,", new, *reversed(source[1:])]
    moved.write_text("\n".join(text) + "\n")
    copy = tmp_path / "copy.csv"
    done = lab.run("export", run, "--into", str(copy), "--list", str(moved))
    assert done.exit_code == 0, done.output
    rows = copy.read_text().splitlines()
    assert ",invalid," in rows[1]
    assert ",not submitted,left out of the run," in rows[2]
    assert ",failed,offline," in rows[-1]


def test_what_does_not_go_with_a_copy_is_told(finished: Finished, tmp_path: Path) -> None:
    lab, run = finished.installation, finished.run
    for args in (["--only", "failed"], ["-o", str(tmp_path / "x.csv")], ["--raw"]):
        done = lab.run("export", run, "--into", str(tmp_path / "y.csv"), *args)
        assert done.exit_code == 2
    gone = lab.run("export", run, "--into", str(tmp_path / "y.csv"), "--list", "/nowhere.csv")
    assert gone.exit_code == 2
    assert not list(tmp_path.iterdir())
