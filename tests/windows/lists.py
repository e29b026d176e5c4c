"""What `siptui check` says of every sample list, to be compared between systems."""

import json
import os
import re
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from siptui.cli.group import cli

#: Each system has names of its own for the same time zone.
_ZONE = re.compile('the time zone [^"]+? of')
_FOLDER = Path(__file__).parents[1] / "lists"


def checked() -> dict[str, Any]:
    """The JSON and the exit code for each list, by its name; each list from its own folder."""
    found = {}
    before = Path.cwd()
    files = [*_FOLDER.iterdir(), *(_FOLDER / "field").iterdir()]
    try:
        for path in sorted(one for one in files if one.is_file()):
            os.chdir(path.parent)
            answer = CliRunner().invoke(
                cli, ["check", "--json", "--region", "EMEA", path.name], prog_name="siptui"
            )
            text = _ZONE.sub("the time zone of", answer.stdout)
            said = [json.loads(line) for line in text.splitlines()]
            found[f"{path.parent.name}/{path.name}"] = {"code": answer.exit_code, "said": said}
    finally:
        os.chdir(before)
    return found
