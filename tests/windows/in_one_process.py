"""Commands one after another in one process, with real standard streams: under Wine a process for
each would take seconds.

`python -m tests.windows.in_one_process FILE`: FILE holds the lists of arguments as JSON. Behind
what each wrote to standard output and error stands its exit code between two separators.
"""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from siptui.host.standard_streams import make_unbreakable

_SEPARATOR = b"\x1e"


@dataclass(frozen=True)
class Said:
    """What a command wrote, and its exit code."""

    args: tuple[str, ...]
    code: int
    out: bytes
    err: bytes


def ran(
    commands: Sequence[Sequence[str]], folder: Path, env: Mapping[str, str], *, file: bool = False
) -> list[Said]:
    """Run them in a process, with pipes or with standard output in a `file`; what each said."""
    given, out = folder / "commands.json", folder / "out.txt"
    given.write_text(json.dumps(list(commands)), encoding="utf-8")
    with out.open("wb") as opened:
        done = subprocess.run(
            [sys.executable, "-m", "tests.windows.in_one_process", str(given)],
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=opened if file else subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
            timeout=600,
        )
    stdout = out.read_bytes() if file else done.stdout
    outs, errs = (said.split(_SEPARATOR) for said in (stdout, done.stderr))
    assert len(outs) == len(errs) == 2 * len(commands) + 1, done.stderr.decode("utf-8", "replace")
    return [
        Said(tuple(args), int(outs[2 * n + 1]), outs[2 * n], errs[2 * n])
        for n, args in enumerate(commands)
    ]


def _main(given: Path) -> None:
    from siptui.cli.group import cli

    for args in json.loads(given.read_text("utf-8")):
        _open_streams()
        code = 0
        try:
            cli.main(args, prog_name="siptui")
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 1
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.write(stream.fileno(), _SEPARATOR + str(code).encode() + _SEPARATOR)


def _open_streams() -> None:
    """Standard streams as a process begins with: a command may have changed them."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        begun = getattr(sys, f"__{name}__")
        raw = io.FileIO(number, "w", closefd=False)
        stream = io.TextIOWrapper(io.BufferedWriter(raw), begun.encoding, begun.errors)
        setattr(sys, name, stream)
    make_unbreakable()


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
