"""`siptui handover`: every phone that failed stands in a list for whoever can do something."""

import csv
from pathlib import Path

from tests.worker.installation import FAST, hardware_id, installed

_SCENARIO = """
[timing]
device = [40, 200]
[[devices]]
match = "00-04-F2-00-00-00"
online = false
[[devices]]
match = "00-04-F2-00-00-01"
error = "Something that nobody knows."
[[accounts]]
match = "room2@contoso.example"
number = false
[[accounts]]
match = "room3@contoso.example"
exists = false
[[accounts]]
match = "room4@contoso.example"
sip_calling = false
"""


def rows(path: Path) -> dict[str, dict[str, str]]:
    text = path.read_text("utf-8-sig").splitlines()
    return {row["HardwareId"]: row for row in csv.DictReader(text)}


def test_a_list_for_each_addressee(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    lines = [f"room{n}@contoso.example,{hardware_id(n)},=Room {n},Berlin" for n in range(7)]
    file.write_text("\n".join(["Username,HardwareId,Room,Site", *lines]) + "\n")
    with installed(tmp_path / "lab", _SCENARIO, speed=FAST) as place:
        how = ("--region", "EMEA", "--no-account-check", "--yes", "--json")
        assert place.run("run", str(file), *how).exit_code == 3
        (run,) = place.runs()
        for folder, what in (("of-run", (run,)), ("of-list", (str(file), "--region", "EMEA"))):
            out = tmp_path / folder
            done = place.run("handover", *what, "-o", str(out))
            assert done.exit_code == 0, done.output
            lists = {path.stem: rows(path) for path in out.iterdir()}
            assert {name: {int(i[-2:]) for i in found} for name, found in lists.items()} == {
                "identity": {3},
                "licences": {2},
                "policies": {4},
                "network": {0},
                "technicians": {0},
                "rollout": {1},
            }
            technician = lists["technicians"][hardware_id(0)]
            assert technician["Room"] == "'=Room 0"
            assert technician["Site"] == "Berlin"
            assert technician["What to do"]
            assert lists["rollout"][hardware_id(1)]["Error"] == "Something that nobody knows."
        again = place.run("handover", run, "-o", str(tmp_path / "of-run"))
        assert again.exit_code == 1  # nothing is replaced without --force
