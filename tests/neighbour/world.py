"""An operator who works with siptui, and another user of the host who means no good: two real
users, so root alone can run it."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.emulator import Running
from tests.support.two_users import NEIGHBOUR, OPERATOR, Done, Operator
from tests.support.two_users import as_neighbour as done_by
from tests.worker.installation import hardware_id

NEEDS_ROOT = [
    pytest.mark.skipif(
        os.name != "posix" or os.geteuid() != 0, reason="only root can be two other users"
    ),
    pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv of util-linux"),
]
PRECIOUS = b"of the operator\n"
THEIRS = b"of the neighbour\n"
#: Rights of the operator's file that siptui gives to none of its own.
MODE = 0o640
#: Commands that write the file TARGET, of the run RUN or the list LIST.
TARGETS: dict[str, tuple[str, ...]] = {
    "export -o": ("export", "RUN", "-o", "TARGET.csv"),
    "export report": ("export", "RUN", "-o", "TARGET.md"),
    "export --into": ("export", "RUN", "--into", "TARGET.csv"),
    "plan": ("run", "LIST", "--plan-to", "TARGET.json"),
    "backup": ("backup", "TARGET.db"),
    "bundle": ("doctor", "--bundle", "TARGET.zip"),
    "urls": ("urls", "--output", "TARGET.txt"),
    "recording": ("batches", "--record", "TARGET.jsonl"),
}


@dataclass(frozen=True)
class World:
    """`shared` is as /tmp, with the sticky bit; `open` everyone may write; `home` is closed."""

    base: Path
    operator: Operator
    emulator: Running

    @property
    def shared(self) -> Path:
        return self.base / "shared"

    @property
    def open(self) -> Path:
        return self.base / "open"

    @property
    def home(self) -> Path:
        return self.base / "home"

    @property
    def precious(self) -> Path:
        """A file that no command has to do with."""
        return self.home / "precious"

    def siptui(
        self, *words: object, folder: Path | None = None, disk: float = 0.0, **env: str | None
    ) -> Done:
        """A command of the operator, which ends in order whatever was planted."""
        done = self.operator.siptui(*words, folder=folder or self.shared, disk=disk, **env)
        assert "Internal error" not in done.text, done.text
        assert "Traceback" not in done.text, done.text
        assert self.precious.read_bytes() == PRECIOUS
        assert self.precious.stat().st_mode & 0o777 == MODE
        return done

    def phones(self, first: int) -> Path:
        """A list of the operator's of two phones that no other test has."""
        path = self.home / f"{first}.csv"
        rows = [f"room{n}@contoso.example,{hardware_id(n)},EMEA" for n in (first, first + 1)]
        path.write_text("\n".join(["Username,HardwareId,Region", *rows]) + "\n")
        os.chown(path, OPERATOR, OPERATOR)
        return path

    def writing(self, name: str, folder: Path) -> tuple[list[str], Path]:
        """The command of `TARGETS` with a file in `folder` as its target, and that file."""
        names = {
            "RUN": (self.base / "run").read_text(),
            "LIST": str(self.phones(650)),
            "TARGET": str(folder / "target"),
        }
        words = list(TARGETS[name])
        for stand_in, meant in names.items():
            words = [word.replace(stand_in, meant) for word in words]
        self.phones(600)  # the list of the run, as `export --into` finds it
        (target,) = [Path(word) for word in words if "target" in word]
        return words, target

    def state(self, name: str) -> Path:
        """A folder of state that is not there yet, in the operator's home."""
        return self.home / name

    def plant(self, path: Path, kind: str) -> None:
        """Have the neighbour put something at `path`."""
        precious = str(self.precious)

        def act() -> None:
            if kind == "file":
                path.write_bytes(THEIRS)
            elif kind == "pipe":
                os.mkfifo(path)
            elif kind == "folder":
                path.mkdir()
            else:
                path.symlink_to(precious)

        if kind == "name":  # which fs.protected_hardlinks=0 lets them give to what they only read
            os.link(precious, path)
        else:
            done_by(act)

    def untouched(self, path: Path, kind: str) -> None:
        """What was planted is as it was: nothing was written there."""
        if kind == "file":
            assert path.read_bytes() == THEIRS
        elif kind == "folder":
            assert not list(path.iterdir())
        elif kind == "name":
            assert path.samefile(self.precious)
        assert path.lstat().st_uid == (OPERATOR if kind == "name" else NEIGHBOUR)


@contextlib.contextmanager
def removed(*paths: Path) -> Iterator[None]:
    try:
        yield
    finally:
        for path in paths:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
