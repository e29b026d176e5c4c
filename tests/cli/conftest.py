"""One finished run for all that look at it, export it or try its failures again."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.worker.installation import FAST, Installation, installed, write_list

_SCENARIO = """
[timing]
device = [40, 200]
[[devices]]
match = ["00-04-F2-00-00-00", "00-04-F2-00-00-05"]
online = false
until_attempt = 2
[[devices]]
match = "00-04-F2-00-00-07"
known = false
"""


@dataclass(frozen=True)
class Finished:
    """An installation and its run of 9 phones: 0 and 5 were offline, 7 is not known."""

    installation: Installation
    run: str
    exit_code: int


@pytest.fixture(scope="package")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    """The run as `siptui run` left it. Tests that submit take it from `retried` on."""
    with installed(tmp_path_factory.mktemp("finished"), _SCENARIO, speed=FAST) as installation:
        regions = ("EMEA", "NOAM")
        file = write_list(installation.folder / "list.csv", range(9), lambda n: regions[n % 2])
        file.write_text(file.read_text().replace("Region\n", "Region,Room\n", 1))
        file.write_text(file.read_text().replace("NOAM\n", "NOAM,=1+1\n"))
        done = installation.run("run", str(file), "--yes")
        (run,) = installation.runs()
        yield Finished(installation, run, done.exit_code)
