"""`siptui report FILE` and `siptui overview`: many runs, many profiles, one picture."""

import json
import re
from pathlib import Path

from tests.worker.installation import FAST, hardware_id, installed

_SCENARIO = """
[timing]
device = [40, 200]
[[devices]]
match = ["00-04-F2-00-00-01", "00-04-F2-00-00-04"]
online = false
until_attempt = 2
[[devices]]
match = "00-04-F2-00-00-05"
known = false
[[accounts]]
match = "nobody@contoso.example"
exists = false
"""
_RUN = ("--region", "EMEA", "--yes", "--json")


def test_all_runs_of_a_list_in_one_report(tmp_path: Path) -> None:
    rows = [
        f"room{n}@contoso.example,{hardware_id(n)},{('Berlin', '<b>Bonn</b>')[n % 2]}"
        for n in range(7)
    ]
    file = tmp_path / "list.csv"
    file.write_text("\n".join(["Username,HardwareId,Site", *rows]) + "\n")
    with installed(tmp_path / "lab", _SCENARIO, speed=FAST) as place:
        where = ("--where", "HardwareId!=00-04-F2-00-00-06")
        assert place.run("run", str(file), *where, *_RUN).exit_code == 3
        again = tmp_path / "another name.csv"
        failed = ("--only", "failed", "-o", str(again))
        assert place.run("export", place.runs()[0], *failed).exit_code == 0
        assert place.run("run", str(again), *_RUN).exit_code == 3
        first, second = place.runs()[1], place.runs()[0]
        heads = json.loads(place.run("runs", "--json").stdout)["runs"]
        assert [(one["run"], one["rollout"]) for one in heads] == [(second, first), (first, first)]
        lines = place.run("runs").stdout.splitlines()
        assert lines[1] == "list.csv: 2 runs"
        assert [line.split()[0] for line in lines[2:]] == [second, "of", first]
        assert "of another name.csv" in lines[3]
        assert max(map(len, lines)) <= 80
        text = place.run("report", str(file), "--region", "EMEA").stdout
        assert "7 devices, 9 submits in 2 runs" in text
        assert "| signed in | 5 | 71 % |" in text
        assert "| failed | 1 |" in text
        assert "| not submitted | 1 |" in text
        assert "| Berlin | 4 | 3 | 0 | 0 | 0 | 1 |" in text
        page = tmp_path / "report.html"
        assert place.run("report", str(file), "--region", "EMEA", "-o", str(page)).exit_code == 0
        html = page.read_text()
        assert "&lt;b&gt;Bonn&lt;/b&gt;" in html
        assert not re.search(r"(?:src|href)=|<script|@import|url\(", html)
        part = place.run("report", str(file), "--region", "EMEA", "--where", "Site=Berlin").stdout
        assert "4 devices" in part
        wrong = place.run("report", str(file), "--region", "EMEA", "--by", "Floor")
        assert wrong.exit_code == 2


def test_rows_whose_region_was_said_for_a_run_are_in_the_report(tmp_path: Path) -> None:
    rows = [f"room{n}@contoso.example,{hardware_id(n)},{r}" for n, r in enumerate(("", "", "APAC"))]
    file = tmp_path / "list.csv"
    file.write_text("\n".join(["Username,HardwareId,Region", *rows, "x@contoso.example,no-mac,"]))
    with installed(tmp_path / "lab", "[timing]\ndevice = [40, 200]\n", speed=FAST) as place:
        part = ("--where", f"HardwareId={hardware_id(0)}")
        done = place.run("run", str(file), *part, "--region", "NOAM", "--yes", "--json")
        assert done.exit_code == 0, done.output
        told = place.run("report", str(file)).stdout
        assert "3 devices, 1 submit in 1 run" in told
        assert f"| 2 | room0@contoso.example | {hardware_id(0)} | NOAM |" in told
        assert f"| 3 | room1@contoso.example | {hardware_id(1)} | - | not submitted |" in told
        assert f"| 4 | room2@contoso.example | {hardware_id(2)} | APAC | not submitted |" in told
        assert "Not counted: 1 row of the list with faults" in told


def test_the_last_state_counts_also_of_a_run_that_began_earlier(tmp_path: Path) -> None:
    rows = [f"room{n}@contoso.example,{hardware_id(n)}" for n in (1, 2)]
    file = tmp_path / "list.csv"
    file.write_text("\n".join(["Username,HardwareId", *rows, "room3@contoso.example,no-mac"]))
    scenario = _SCENARIO.replace("until_attempt = 2", "until_attempt = 3")
    with installed(tmp_path / "lab", scenario, speed=FAST) as place:
        for _ in range(2):
            done = place.run("run", str(file), *_RUN, "--new-only", "--skip-invalid")
            assert done.exit_code == 3
        first = place.runs()[-1]
        assert place.run("retry", first, "--yes").exit_code == 0  # the second run has it as failed
        text = place.run("report", str(file), "--region", "EMEA").stdout
        assert "2 devices, 4 submits in 2 runs" in text
        assert "| signed in | 2 | 100 % |" in text
        assert "Not counted: 1 row of the list with faults" in text
        folder = tmp_path / "lists"
        found = place.run("handover", str(file), "--region", "EMEA", "-o", str(folder))
        assert "Nothing failed" in found.stdout


def test_the_report_excepts_accounts_that_were_not_found(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(
        f"Username,HardwareId\nroom1@contoso.example,{hardware_id(2)}\n"
        f"nobody@contoso.example,{hardware_id(3)}\n"
    )
    with installed(tmp_path / "lab", _SCENARIO, speed=FAST) as place:
        assert place.run("run", str(file), *_RUN).exit_code == 3
        text = place.run("report", str(file), "--region", "EMEA").stdout
        assert "Not reset: the passwords of 1 account that the tenant does not have." in text
        assert text.count("Its password was not reset.") == 1
        ticket = tmp_path / "ticket.md"
        assert place.run("export", place.runs()[0], "-o", str(ticket)).exit_code == 0


def test_an_overview_of_all_profiles_and_runs_found_without_one(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(
        f"Username,HardwareId\nroom1@contoso.example,{hardware_id(1)}\n"
        f"room2@contoso.example,{hardware_id(2)}\n"
    )
    with installed(tmp_path / "lab", _SCENARIO, speed=FAST) as place:
        config = place.folder / "config" / "config.toml"
        empty = '[profiles.other]\ntenant = "fabrikam.example"\ncloud = "lab"\n'
        config.write_text(empty + config.read_text())
        named = ("--profile", "lab")
        assert place.run("run", str(file), *_RUN, *named).exit_code == 3
        body = json.loads(place.run("overview", "--json").stdout)
        by_name = {one["profile"]: one for one in body["profiles"]}
        assert set(by_name) == {"lab", "other"}
        assert by_name["other"]["last_run"] is None
        lab = by_name["lab"]
        assert (lab["tenant"], lab["live_batches"], lab["needs"]) == ("contoso.example", 0, None)
        (run,) = place.runs()
        assert (lab["last_run"]["run"], lab["last_run"]["failed"]) == (run, 1)
        shown = place.run("overview").stdout
        assert "other" in shown
        assert run in shown
        # Neither profile is the default one: the run is found by its id.
        assert place.run("export", run).exit_code == 0
        assert place.run("attach", run, "--json").exit_code == 3
        assert place.run("export", "no-such-run").exit_code == 2
        assert not (place.folder / "state" / "other").exists()


def test_a_journal_of_another_profile_that_cannot_be_read_is_told_and_passed_over(
    tmp_path: Path,
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"Username,HardwareId\nroom1@contoso.example,{hardware_id(1)}\n")
    with installed(tmp_path / "lab", _SCENARIO, speed=FAST) as place:
        assert place.run("run", str(file), *_RUN).exit_code == 3
        other = place.journal.parent.parent / "other" / place.journal.name
        other.parent.mkdir(mode=0o700)
        other.write_bytes(b"no database" * 1000)
        lists = ("-o", str(tmp_path / "lists"))
        for words in (("report", str(file)), ("handover", str(file), *lists)):
            done = place.run(*words, "--region", "EMEA")
            assert done.exit_code == 0
            assert "Not counted, the journal of another profile" in done.stderr
