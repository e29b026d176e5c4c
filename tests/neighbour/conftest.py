"""Two real users of one host, and a run of the one while the other looks on."""

import contextlib
import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.neighbour.world import MODE, PRECIOUS, World
from tests.support.emulator import running_emulator
from tests.support.two_users import (
    AS_OPERATOR,
    NEIGHBOUR,
    OPERATOR,
    operator,
)
from tests.support.two_users import as_neighbour as done_by
from tests.worker.installation import QUICK, TOKEN


@pytest.fixture(scope="package")
def world() -> Iterator[World]:
    base = Path(tempfile.mkdtemp(prefix="two-users-"))
    try:
        base.chmod(0o755)
        for name, mode in (("shared", 0o1777), ("open", 0o777)):
            (base / name).mkdir()
            (base / name).chmod(mode)
        home = base / "home"
        (home / "config").mkdir(parents=True)
        (home / "precious").write_bytes(PRECIOUS)
        with running_emulator("healthy", speed=600) as emulator:
            (home / "config" / "config.toml").write_text(
                '[profiles.lab]\ntenant = "contoso.example"\ncloud = "lab"\n'
                f'[clouds.lab]\nauthority = "https://localhost:1"\nadmin_api = "{emulator.url}"\n'
            )
            for path in (home, *home.rglob("*")):
                os.chown(path, OPERATOR, OPERATOR)
                path.chmod(0o700 if path.is_dir() else 0o600)
            (home / "precious").chmod(MODE)
            env = {
                "HOME": str(home),
                "TMPDIR": str(base / "shared"),
                "SIPTUI_CONFIG_DIR": str(home / "config"),
                "SIPTUI_STATE_DIR": str(home / "state"),
                "SIPTUI_ACCESS_TOKEN": TOKEN,
                "SIPTUI_QUICK": "10",
                "PYTHONPATH": str(QUICK),
            }
            with operator(env) as found:
                yield World(base, found, emulator)
    finally:
        shutil.rmtree(base)


def _planted_code(folder: Path, marker: Path) -> None:
    text = f"open({str(marker)!r}, 'a').write(__name__)\nraise SystemExit(77)\n"
    for name in ("json", "sitecustomize", "usercustomize", "click", "textual", "msgspec"):
        (folder / f"{name}.py").write_text(text)
    (folder / "siptui").mkdir()
    for name in ("__init__", "__main__"):
        (folder / "siptui" / f"{name}.py").write_text(text)
    (folder / "x.pth").write_text(f"import os; open({str(marker)!r}, 'a').write('pth')\n")


@pytest.fixture(scope="package")
def ran(world: World) -> Path:
    """A folder of state with a run in it, made while the neighbour has planted code in the folder
    that the operator stands in and in that for short-lived files, and looks on."""
    marker, state = world.open / "ran", world.shared / "ran"
    done_by(lambda: _planted_code(world.shared, marker))
    env = {**world.operator.env, "SIPTUI_STATE_DIR": str(state)}
    command = [*AS_OPERATOR, str(Path(sysconfig.get_path("scripts")) / "siptui"), "run"]
    with subprocess.Popen(
        [*command, str(world.phones(600)), "--yes", "--json"],
        cwd=world.shared,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        seen = done_by(lambda: _looked_on("worker_main", 60))
        out, errors = process.communicate()
    assert process.returncode == 0, errors.decode()
    last = json.loads(out.splitlines()[-1])
    assert last["succeeded"] == 2
    (world.base / "run").write_text(last["run"])
    for path in world.shared.iterdir():
        if path.lstat().st_uid == NEIGHBOUR:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (world.base / "seen").write_text(json.dumps(seen))
    return state


def _looked_on(wanted: str, seconds: float) -> dict[str, list[str]]:
    """What the neighbour sees of the operator's processes, until one of them is `wanted` or it has
    taken too long: command lines, and what could be opened."""
    lines: set[str] = set()
    opened: set[str] = set()
    until = time.monotonic() + seconds
    while time.monotonic() < until and not any(wanted in line for line in lines):
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if f"Uid:\t{OPERATOR}\t" not in (place / "status").read_text():
                    continue
                lines.add((place / "cmdline").read_bytes().replace(b"\0", b" ").decode())
                for name in ("environ", "mem"):
                    with contextlib.suppress(PermissionError):
                        (place / name).open("rb").close()
                        opened.add(f"{place}/{name}")
    return {"lines": sorted(lines), "opened": sorted(opened)}
