"""`siptui batches` and `siptui batch` say what of the service's answer they could not read."""

import json
from pathlib import Path

from tests.worker.installation import FAST, installed, write_list

_ODD = """
[wire]
page = 1
page_marker = "hasMore"
summaries_root = "Value"

[[faults]]
call = "batchstatus"
kind = "odd"
place = "batchItems.1.error"
put = '["a", {"b": 1}]'
"""


def test_a_part_is_called_a_part(tmp_path: Path) -> None:
    file = write_list(tmp_path / "list.csv", range(4))
    scenario = _ODD.replace("page = 1\n", "page = 3\n")
    with installed(tmp_path / "lab", scenario, speed=FAST) as installation:
        for numbers in (range(3), range(3, 4), range(4, 5), range(5, 6)):
            write_list(file, numbers)
            done = installation.run("run", str(file), "--region", "EMEA", "--yes")
            assert done.exit_code == 0, done.output
        done = installation.run("batches", "--json")
        told = json.loads(done.stdout)
        assert len(told["batches"]) == 3
        assert "hasMore" in told["incomplete"]
        done = installation.run("batches")
        assert "The list may be incomplete" in done.stderr
        first = installation.state(installation.runs()[-1]).batches[1].batch_id
        done = installation.run("batch", first, "--json")
        told = json.loads(done.stdout)
        assert told["incomplete"] is None
        assert told["devices"][1]["error"] == '["a", {"b": 1}]'
        assert "error of device 2" in told["unread"][0]
        done = installation.run("batch", first)
        assert "Not readable: error of device 2" in done.stderr
