"""`run --by COLUMN`: sites in a plan, in the lines for scripts, and in the report."""

import json
from pathlib import Path

from tests.worker.installation import FAST, each_type, hardware_id, installed, json_lines

_SCENARIO = """
[timing]
device = [40, 200]
[[devices]]
match = ["00-04-F2-00-00-01", "00-04-F2-00-00-04", "00-04-F2-00-00-07", "00-04-F2-00-00-0A"]
known = false
"""


def test_a_run_by_site(tmp_path: Path) -> None:
    rows = [
        f"room{n}@contoso.example,{hardware_id(n)},{('Berlin', 'Bonn', 'berlin ')[n % 3]}"
        for n in range(12)
    ]
    file = tmp_path / "list.csv"
    file.write_text("\n".join(["Username,HardwareId,Site", *rows]) + "\n")
    by = (str(file), "--region", "EMEA", "--by", "site", "--first", "2")
    with installed(tmp_path / "lab", _SCENARIO, speed=FAST) as place:
        plan = json.loads(place.run("run", *by, "--dry-run", "--json").stdout)
        assert [(b["group"], b["first"], len(b["devices"])) for b in plan["batches"]] == [
            ("Berlin", True, 2),
            ("Berlin", False, 6),
            ("Bonn", True, 2),
            ("Bonn", False, 2),
        ]
        assert any("By Site, 2 values" in note for note in plan["notes"])
        assert any("Estimated end: about" in note for note in plan["notes"])
        assert plan["estimate"]["batches_measured"] == 0
        done = place.run("run", *by, "--yes", "--json")
        assert done.exit_code == 3, done.output
        lines = json_lines(done.stdout)
        (stopped,) = each_type(lines, "group_stopped")
        assert (stopped["group"], stopped["bad"], stopped["left"]) == ("Bonn", 2, 2)
        end = lines[-1]
        assert (end["type"], end["code"], end["by"]) == ("run_stopped", "groups_stopped", "Site")
        assert {g["group"]: (g["succeeded"], g["failed"], g["left"]) for g in end["groups"]} == {
            "Berlin": (8, 0, 0),
            "Bonn": (0, 2, 2),
        }
        report = place.run("export", place.runs()[0], "--format", "md").stdout
        assert "## By Site" in report
        why = "stopped: 2 of 2 devices not signed in, more than 10 %; 2 not submitted"
        assert f"| Bonn | 4 | 0 | 2 | 0 | 2 | {why};" in report
        assert "`siptui run LIST --where Site=Bonn --new-only`" in report
        into = tmp_path / "filled.csv"
        assert place.run("export", place.runs()[0], "--into", str(into)).exit_code == 0
        waits = [line for line in into.read_text().splitlines() if "room7@" in line]
        assert len(waits) == 1
        assert f"queued,Site Bonn was {why}" in waits[0].replace('"', "")
        whole = place.run("report", str(file), "--region", "EMEA").stdout
        assert f"| Bonn | 4 | 0 | 2 | 0 | 0 | 2 | stopped in run {place.runs()[0]}: " in whole
        shown = json.loads(place.run("show", place.runs()[0], "--json").stdout)
        stops = {g["group"]: g["stopped_by"] for g in shown["groups"]}
        assert stops == {"Berlin": None, "Bonn": {"bad": 2, "tried": 2}}
        told = place.run("show", place.runs()[0]).stdout
        assert "Bonn" in told
        assert told.count(f"siptui resume {place.runs()[0]}\n") == 1
        assert "stopped, 2 devices wait: too many devices failed in Site Bonn\n" in told
        plan = json.loads(place.run("run", *by, "--again", "--dry-run", "--json").stdout)
        assert plan["estimate"]["batches_measured"] >= 3
        wrong = place.run("run", str(file), "--region", "EMEA", "--by", "Floor", "--yes", "--json")
        assert (wrong.exit_code, json.loads(wrong.stdout)["error"]["code"]) == (2, "no_such_column")
        assert sum(place.times().values()) == 10
        alone = ("--where", "Site=Bonn", "--new-only", "--yes", "--json")
        assert place.run("run", str(file), "--region", "EMEA", *alone).exit_code == 3
        whole = place.run("report", str(file), "--region", "EMEA").stdout
        assert "stopped in run" not in whole
        assert sum(place.times().values()) == 14  # what had waited in the run and what had failed


def test_a_run_that_goes_on_is_told_by_its_batches_where_that_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    rows = [f"room{n}@contoso.example,{hardware_id(n)},Bonn" for n in (1, 4, 7)]
    file.write_text("\n".join(["Username,HardwareId,Site", *rows]) + "\n")
    with installed(tmp_path / "lab", _SCENARIO, speed=FAST) as place:
        how = ("--region", "EMEA", "--by", "Site", "--first", "1", "--yes", "--quiet")
        assert place.run("run", str(file), *how).exit_code == 3
        rest = place.run("resume", place.runs()[0], "--yes", "--quiet")
        assert "room" not in rest.stdout
        assert "batch 2 finished  0 signed in, 2 failed" in rest.stdout
        assert set(place.times().values()) == {1}


def test_another_region_for_a_retry_and_a_line_a_batch(tmp_path: Path) -> None:
    scenario = """
[timing]
device = [40, 200]
[[devices]]
match = "*"
region = "NOAM"
"""
    rows = [f"room{n}@contoso.example,{hardware_id(n)}" for n in range(3)]
    file = tmp_path / "list.csv"
    file.write_text("\n".join(["Username,HardwareId", *rows]) + "\n")
    with installed(tmp_path / "lab", scenario, speed=FAST) as place:
        done = place.run("run", str(file), "--region", "EMEA", "--yes", "--quiet")
        assert done.exit_code == 3, done.output
        assert "room1@" not in done.stdout
        assert "batch 1 finished  0 signed in, 3 failed" in done.stdout
        (run,) = place.runs()
        plan = place.run("retry", run, "--region", "NOAM", "--dry-run", "--json")
        assert [b["region"] for b in json.loads(plan.stdout)["batches"]] == ["NOAM"]
        quiet = place.run("retry", run, "--yes", "--quiet")
        assert "room1@" not in quiet.stdout
        assert "batch 2 finished  0 signed in, 3 failed" in quiet.stdout
        again = place.run("retry", run, "--region", "noam", "--yes", "--json")
        assert again.exit_code == 0, again.output
        sent = place.emulator.ask("ledger")["submits"]
        assert [s["region"] for s in sent] == ["EMEA", "EMEA", "NOAM"]


def test_what_goes_out_again_has_an_end_as_well(tmp_path: Path) -> None:
    rows = [f"room{n}@contoso.example,{hardware_id(n)}" for n in (1, 2, 3)]
    file = tmp_path / "list.csv"
    file.write_text("\n".join(["Username,HardwareId", *rows]) + "\n")
    with installed(tmp_path / "lab", _SCENARIO, speed=FAST) as place:
        tried = ("--first", "1", "--max-failures", "0", "--yes", "--json")
        assert place.run("run", str(file), "--region", "EMEA", *tried).exit_code == 3
        (run,) = place.runs()
        for command in ("resume", "retry"):
            plan = json.loads(place.run(command, run, "--dry-run", "--json").stdout)
            (said,) = [note for note in plan["notes"] if "Estimated end" in note]
            assert "the tenant's last batch took about" in said
