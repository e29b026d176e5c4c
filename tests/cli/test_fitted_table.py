"""The tables of many profiles in a terminal of 80 columns, and whole where no terminal is."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from siptui.cli.commands.overview import _lines
from siptui.cli.fitted_table import fitted
from siptui.cli.wording import cell_width
from siptui.runs.overview import ProfileOverview
from siptui.settings.folders import folders

_LONG = "a-customer-with-a-name-as-long-as-a-profile-may-be-called-emea"


@pytest.fixture
def fifteen(own_folders: Path) -> list[str]:
    names = [*(f"customer-{number:02}" for number in range(14)), _LONG]
    path = folders().config_file
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    tables = (
        f'[profiles.{name}]\ntenant = "{name}.onmicrosoft.com"\ncloud = "china"\nregion = "EMEA"\n'
        for name in names
    )
    path.write_text("".join(tables))
    return names


def _in_terminal(*args: str) -> list[str]:
    """What a command writes to a terminal of 80 columns."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environ = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    command = [sys.executable, "-m", "siptui", *args]
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=environ):
        os.close(its)
        said = b""
        try:
            while some := os.read(ours, 4096):
                said += some
        except OSError:  # the end of the terminal
            pass
    os.close(ours)
    return said.decode().splitlines()


@pytest.mark.parametrize("command", ["overview", "profiles"])
def test_fifteen_profiles_take_a_line_each(fifteen: list[str], command: str) -> None:
    lines = _in_terminal(command)
    assert max(cell_width(line) for line in lines) <= 80
    assert len(lines) <= 24
    assert [name for name in fifteen if any(f"{name} " in line for line in lines)] == fifteen[:-1]
    assert sum(f"{_LONG[:12]}" in line for line in lines) == 1
    done = subprocess.run(
        [sys.executable, "-m", "siptui", command], capture_output=True, text=True, check=True
    )
    assert all(f"{name}.onmicrosoft.com" in done.stdout for name in fifteen)


def test_what_a_person_must_do_is_told_in_full() -> None:
    needs = "Run 20261127-015110-8829: 1 batch in doubt; you decide."
    what = needs.partition(": ")[2]
    one = ProfileOverview("contoso", "contoso.com", needs=needs, what=what)
    wide = list(_lines([one], 200))
    assert len(wide) == 2
    assert needs in wide[1]
    narrow = list(_lines([one], 60))
    assert max(cell_width(line) for line in narrow[:2]) <= 60
    assert narrow[2:] == ["", f"contoso: {needs}"]


def test_wide_letters_are_counted_as_the_cells_they_take() -> None:
    rows = [("東京オフィス", "x"), ("contoso", "y" * 30)]
    lines = list(fitted(("NAME", "LAST"), rows, 20, ((1, 4), (0, 4))))
    assert all(cell_width(line) <= 20 for line in lines)
    assert {cell_width(line[: -len(line.split()[-1])]) for line in lines} == {14}
    assert list(fitted(("NAME", "LAST"), rows, None, ())) == list(
        fitted(("NAME", "LAST"), rows, 200, ((1, 4),))
    )
