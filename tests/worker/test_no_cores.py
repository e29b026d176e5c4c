"""No process that holds a token can be made to write its memory to a file."""

import ctypes
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.worker.installation import QUICK, installed, until, write_list

_GET_DUMPABLE = 3  # of prctl(2)
pytestmark = pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="needs /proc")
#: Tells how a process stands as it ends, whatever it was; it waits as little as others in tests.
_WATCH = f"""
import atexit, ctypes, os, runpy, sys
runpy.run_path({str(QUICK / "sitecustomize.py")!r})
def tell():
    with open(os.environ["WATCHED"], "a") as file:
        limits = [line for line in open("/proc/self/limits") if "core file" in line][0].split()
        dumpable = ctypes.CDLL(None).prctl({_GET_DUMPABLE}, 0, 0, 0, 0)
        name = " ".join(sys.orig_argv)
        file.write(f"{{limits[4]}} {{limits[5]}} {{dumpable}} {{name}}\\n")
atexit.register(tell)
"""


def test_commands_worker_and_keyring_write_no_core(tmp_path: Path) -> None:
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(_WATCH)
    watched = tmp_path / "watched"
    with installed(tmp_path / "siptui", "healthy") as installation:
        phones = write_list(tmp_path / "phones.csv", range(2))
        env = {"PYTHONPATH": str(tmp_path / "watch"), "WATCHED": str(watched)}
        for words in (
            ["run", str(phones), "--region", "EMEA", "--yes"],
            ["auth", "login", "--store", "keyring", "--no-input"],
        ):
            installation.process(*words, env=env, stderr=subprocess.DEVNULL).communicate()
        until(lambda: "siptui.app.worker_main" in watched.read_text(), "the end of the worker")
    lines = watched.read_text().splitlines()
    assert any("siptui run" in line for line in lines)
    ours = [line for line in lines if re.search(r"-m siptui |siptui\.(commands|identity)", line)]
    assert not [line for line in ours if not line.startswith("0 0 0 ")], lines


def test_the_limit_is_not_all(tmp_path: Path) -> None:
    code = (
        "import ctypes, resource; from siptui.host.signals import forbid_core_dumps;"
        "forbid_core_dumps();"
        f"print(ctypes.CDLL(None).prctl({_GET_DUMPABLE}, 0, 0, 0, 0),"
        "*resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        done.stdout.split()
        == (["0"] if hasattr(ctypes.CDLL(None), "prctl") else ["-1"]) + ["0"] * 2
    )
