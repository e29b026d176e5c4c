"""Another user of the host means no good: what they plant is neither run, obeyed nor written to,
and nothing of the operator's is theirs to read. Two real users, so root alone can run it."""

import contextlib
import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.emulator import Running, running_emulator
from tests.support.two_users import (
    AS_OPERATOR,
    NEIGHBOUR,
    OPERATOR,
    Done,
    Operator,
    neighbour_at_it,
    operator,
)
from tests.support.two_users import as_neighbour as done_by
from tests.worker.installation import QUICK, TOKEN, hardware_id
from tests.worker.terminal import Terminal

pytestmark = [
    pytest.mark.skipif(
        os.name != "posix" or os.geteuid() != 0, reason="only root can be two other users"
    ),
    pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv of util-linux"),
]
_PRECIOUS = b"of the operator\n"
_THEIRS = b"of the neighbour\n"
#: Rights of the operator's file that siptui gives to none of its own.
_MODE = 0o640


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

    def siptui(self, *words: object, folder: Path | None = None, **env: str) -> Done:
        """A command of the operator, which ends in order whatever was planted."""
        done = self.operator.siptui(*words, folder=folder or self.shared, **env)
        assert "Internal error" not in done.text, done.text
        assert "Traceback" not in done.text, done.text
        assert self.precious.read_bytes() == _PRECIOUS
        assert self.precious.stat().st_mode & 0o777 == _MODE
        return done

    def phones(self, first: int) -> Path:
        """A list of the operator's of two phones that no other test has."""
        path = self.home / f"{first}.csv"
        rows = [f"room{n}@contoso.example,{hardware_id(n)},EMEA" for n in (first, first + 1)]
        path.write_text("\n".join(["Username,HardwareId,Region", *rows]) + "\n")
        os.chown(path, OPERATOR, OPERATOR)
        return path

    def state(self, name: str) -> Path:
        """A folder of state that is not there yet, in the operator's home."""
        return self.home / name

    def plant(self, path: Path, kind: str) -> None:
        """Have the neighbour put something at `path`."""
        precious = str(self.precious)

        def act() -> None:
            if kind == "file":
                path.write_bytes(_THEIRS)
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
            assert path.read_bytes() == _THEIRS
        elif kind == "folder":
            assert not list(path.iterdir())
        elif kind == "name":
            assert path.samefile(self.precious)
        assert path.lstat().st_uid == (OPERATOR if kind == "name" else NEIGHBOUR)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    base = Path(tempfile.mkdtemp(prefix="two-users-"))
    try:
        base.chmod(0o755)
        for name, mode in (("shared", 0o1777), ("open", 0o777)):
            (base / name).mkdir()
            (base / name).chmod(mode)
        home = base / "home"
        (home / "config").mkdir(parents=True)
        (home / "precious").write_bytes(_PRECIOUS)
        with running_emulator("healthy", speed=600) as emulator:
            (home / "config" / "config.toml").write_text(
                '[profiles.lab]\ntenant = "contoso.example"\ncloud = "lab"\n'
                f'[clouds.lab]\nauthority = "https://localhost:1"\nadmin_api = "{emulator.url}"\n'
            )
            for path in (home, *home.rglob("*")):
                os.chown(path, OPERATOR, OPERATOR)
                path.chmod(0o700 if path.is_dir() else 0o600)
            (home / "precious").chmod(_MODE)
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


@contextlib.contextmanager
def _removed(*paths: Path) -> Iterator[None]:
    try:
        yield
    finally:
        for path in paths:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def _planted_code(folder: Path, marker: Path) -> None:
    text = f"open({str(marker)!r}, 'a').write(__name__)\nraise SystemExit(77)\n"
    for name in ("json", "sitecustomize", "usercustomize", "click", "textual", "msgspec"):
        (folder / f"{name}.py").write_text(text)
    (folder / "siptui").mkdir()
    for name in ("__init__", "__main__"):
        (folder / "siptui" / f"{name}.py").write_text(text)
    (folder / "x.pth").write_text(f"import os; open({str(marker)!r}, 'a').write('pth')\n")


@pytest.fixture(scope="module")
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
    assert json.loads(out.splitlines()[-1])["succeeded"] == 2
    for path in world.shared.iterdir():
        if path.lstat().st_uid == NEIGHBOUR:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (world.base / "seen").write_text(json.dumps(seen))
    return state


def test_no_code_of_theirs_is_run_and_nothing_secret_is_on_a_command_line(
    world: World, ran: Path
) -> None:
    seen = json.loads((world.base / "seen").read_text())
    assert not (world.open / "ran").exists()
    assert any("worker_main" in line for line in seen["lines"])
    assert not [line for line in seen["lines"] if TOKEN in line]
    assert not seen["opened"]
    assert done_by(lambda: _open_to_me(ran)) == []


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


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_the_folder_of_turns_made_first_by_them_stops_nothing_and_is_told(
    world: World, kind: str
) -> None:
    planted = world.shared / f"siptui-{OPERATOR}"
    shutil.rmtree(planted, ignore_errors=True)
    world.plant(planted, kind)
    state = world.state(f"turns-{kind}")
    with _removed(planted):
        if kind == "folder":
            done = world.siptui("run", world.phones(200), "--yes", SIPTUI_STATE_DIR=str(state))
            assert done.exit_code == 0
            assert list(state.glob(".waits/*/submits"))  # turns are taken among these
        else:
            done = world.siptui("doctor", SIPTUI_STATE_DIR=str(state))
        world.untouched(planted, kind)
    assert f"{planted} was made by another user ({NEIGHBOUR})" in done.text
    assert f"sudo rm -r {planted}" in done.text


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        *(("config", "folder"), ("config.toml", "file"), ("config.toml", "link")),
        *(("config.toml", "pipe"), ("state", "folder"), ("state", "file"), ("state", "link")),
        *(("state", "pipe"), ("lab", "folder"), ("lab", "file"), ("lab", "link"), ("lab", "pipe")),
    ],
)
def test_folders_of_theirs_are_not_the_operators(world: World, what: str, kind: str) -> None:
    variable = "SIPTUI_CONFIG_DIR" if what.startswith("config") else "SIPTUI_STATE_DIR"
    if what in ("config", "state"):
        folder, planted = world.shared, world.shared / what
        env = {variable: str(planted)}
    else:
        folder = world.operator.folder(world.base / f"was-open-{what}-{kind}")
        planted = folder / what
        env = {variable: str(folder)}
    world.plant(planted, kind)
    if (what, kind) == ("config", "folder"):
        text = 'notify_command = ["x"]\n[profiles.lab]\ntenant = "x.example"\n'
        done_by(lambda: (planted / "config.toml").write_text(text))
    with _removed(planted):
        # An open folder is closed by the first command, and the next finds what was planted.
        for _ in range(2):
            done = world.siptui("run", world.phones(300), "--yes", "--json", **env)
            assert done.exit_code in (1, 2), done.text
            assert str(folder) in done.text
            assert json.loads(done.stdout)["error"]["next"]
        if what != "config":
            world.untouched(planted, kind)


#: What lies in a folder of state: how it is planted, the command that would use it, and whether it
#: goes on without.
_OF_STATE = (
    ("lab/journal.db", "file", "run", False),
    ("lab/journal.db", "pipe", "run", False),
    ("lab/journal.db-wal", "file", "run", False),
    ("lab/journal.db-shm", "link", "run", False),
    ("lab/journal.db.copy", "file", "run", False),
    ("lab/journal.db.copy", "pipe", "run", False),
    ("lab/journal.db.warnings.json", "pipe", "run", False),
    ("lab/journal.db.forgetting.lock", "file", "run", True),
    ("lab/tokens.json", "file", "auth status", True),
    ("lab/fixes.jsonl", "pipe", "fix", True),
    ("lab/tenant.json", "link", "profiles", True),
    ("lab/console.json", "pipe", "profiles", True),
    ("siptui.log", "file", "doctor", True),
    ("siptui.log", "pipe", "doctor", True),
    (".waits", "link", "profiles", True),
    (".submitting.lock", "file", "run", False),
    (".submitting.lock", "pipe", "run", False),
)


@pytest.mark.slow  # a command or two for each file of the folder
def test_what_they_put_into_a_folder_of_state_that_was_open_is_not_written_to(
    world: World,
) -> None:
    """Closing the folder does not take out of it what was put there: who has it open still reads
    and writes it."""
    for number, (name, kind, words, goes_on) in enumerate(_OF_STATE):
        state = world.operator.folder(world.base / f"was-open-{number}")
        place = state / name
        if place.parent != state:
            world.operator.folder(place.parent)
        world.plant(place, kind)
        full: list[Any] = words.split()
        if words in ("run", "fix"):
            full += [world.phones(400 + 2 * number), "--yes"]
        if words == "doctor":
            full += ["--bundle", world.home / f"bundle-{number}.zip"]
        done = world.siptui(*full, SIPTUI_STATE_DIR=str(state))
        world.untouched(place, kind)
        if not goes_on:
            assert done.exit_code in (1, 2), (name, done.text)
            assert place.name in done.text, (name, done.text)
        world.siptui("info", "--data", SIPTUI_STATE_DIR=str(state))
        world.untouched(place, kind)


#: The same for a further name of a file of the operator's own, which no owner gives away.
_NAMED = (
    *("lab/journal.db", "lab/journal.db-wal", "lab/journal.db.copy", "lab/journal.db.building"),
    *("lab/journal.db.warnings.json", "lab/fixes.jsonl", "lab/fixes.lock", "lab/tokens.json"),
    *("lab/held/x.lock", "logs/siptui.log", "logs/.siptui.log.lock", ".submitting.lock"),
)


@pytest.mark.slow  # a command or two for each file of the folder
def test_a_name_that_they_gave_in_an_open_folder_to_a_file_of_the_operator_is_told_until_removed(
    world: World,
) -> None:
    phones = world.phones(1000)
    for name in _NAMED:
        state = world.operator.folder(world.base / f"named-{name.replace('/', '-')}")
        place = state / name
        for folder in reversed([one for one in place.parents if state in one.parents]):
            world.operator.folder(folder)
        world.plant(place, "name")
        for words in (("run", phones, "--yes"), ("fix", phones, "--yes"), ("auth", "status")) * 2:
            done = world.siptui(*words, SIPTUI_STATE_DIR=str(state))
            world.untouched(place, "name")
            if words[0] == "run":
                assert done.exit_code == 1, done.text
                assert f"{place} " in done.text
                assert "has another name elsewhere" in done.text
                assert "remove" in done.text
        place.unlink()
    done = world.siptui("run", phones, "--yes", SIPTUI_STATE_DIR=str(state))
    assert done.exit_code == 0, done.text
    assert place.parent.stat().st_mode & 0o7777 == 0o700


def test_a_copy_by_hard_links_of_a_folder_that_is_closed_stops_nothing(world: World) -> None:
    """As `cp -al` and programs for backups make them."""
    state, phones = world.state("linked"), world.phones(1100)
    assert world.siptui("run", phones, "--yes", SIPTUI_STATE_DIR=str(state)).exit_code == 0
    shutil.copytree(state, world.home / "linked-copy", copy_function=os.link)
    env = {"SIPTUI_STATE_DIR": str(state)}
    (state / "lab").chmod(0o777)  # until now, for all that siptui knows
    for _ in range(2):
        done = world.siptui("run", world.phones(1102), "--yes", **env)
        assert done.exit_code == 1, done.text
        assert not (state / "lab").stat().st_mode & 0o077
    command = f"chmod 700 {state}/lab"
    assert command in done.text
    subprocess.run(command.split(), check=True)
    done = world.siptui("run", world.phones(1102), "--yes", **env)
    assert done.exit_code == 0, done.text


def test_a_folder_above_that_everyone_may_write_is_refused(world: World) -> None:
    state = world.open / "state"
    done = world.siptui("run", world.phones(500), "--yes", SIPTUI_STATE_DIR=str(state))
    assert done.exit_code == 1
    assert f"chmod o-w {world.open}" in done.text


def _open_to_me(folder: Path) -> list[str]:
    """What of it this process can read, write or enter, the folder itself included."""
    rights = (os.R_OK, os.W_OK, os.X_OK)
    places = (folder, *folder.rglob("*"))
    return [f"{path} {right}" for path in places for right in rights if os.access(path, right)]


_TARGETS: dict[str, tuple[str, ...]] = {
    "export -o": ("export", "@last", "-o", "TARGET.csv"),
    "export report": ("export", "@last", "-o", "TARGET.md"),
    "export --into": ("export", "@last", "--into", "TARGET.csv"),
    "plan": ("run", "LIST", "--plan-to", "TARGET.json"),
    "backup": ("backup", "TARGET.db"),
    "bundle": ("doctor", "--bundle", "TARGET.zip"),
    "urls": ("urls", "--output", "TARGET.txt"),
    "recording": ("batches", "--record", "TARGET.jsonl"),
}


@pytest.mark.parametrize("name", _TARGETS)
def test_nothing_is_written_where_they_lead_and_what_is_written_is_closed(
    world: World, ran: Path, name: str
) -> None:
    env = {"SIPTUI_STATE_DIR": str(ran)}
    phones = world.phones(600 if "into" in name else 650)
    for folder in (world.open, world.shared):
        words = [
            word.replace("TARGET", str(folder / "target")).replace("LIST", str(phones))
            for word in _TARGETS[name]
        ]
        (target,) = [Path(word) for word in words if "target" in word]
        for kind in ("link", "pipe", "file", "name"):
            world.plant(target, kind)
            with _removed(target):
                done = world.siptui(*words, **env)
                assert done.exit_code in (1, 2), (kind, done.text)
                assert target.name in done.text, done.text
                world.untouched(target, kind)
                if kind not in ("file", "name"):  # which --force is there to replace
                    done = world.siptui(*words, "--force", **env)
                    assert done.exit_code in (1, 2), (kind, done.text)
                    world.untouched(target, kind)
                elif kind == "name":
                    world.siptui(*words, "--force", **env)
        with _removed(target):
            done = world.siptui(*words, **env)
            assert target.exists(), done.text
            assert target.stat().st_mode & 0o777 == 0o600
            assert target.stat().st_uid == OPERATOR
        assert not [path for path in folder.iterdir() if ".tmp" in path.name]


#: Tries to put something in the place of a file before it gets its name: more than are needed.
_RACES = 40


def _swapped(folder: Path, name: str, away: Path, lead: str) -> None:
    """Take away what is about to become `name`, and leave a link to `lead` in its place."""
    for entry in os.scandir(folder):
        if entry.name.startswith(f".{name}.") and not entry.is_symlink():
            Path(entry.path).rename(away / entry.name)
            Path(entry.path).symlink_to(lead)


@pytest.mark.slow  # a race, tried until it was won
@pytest.mark.parametrize(
    ("name", "force"),
    [
        *((name, False) for name in _TARGETS if name != "recording"),
        *((name, True) for name in ("export -o", "backup")),
    ],
)
def test_what_they_put_in_the_place_of_a_file_that_is_written_is_not_called_written(
    world: World, ran: Path, name: str, force: bool
) -> None:
    """In a folder that all may write, without the sticky bit, names are anybody's to move."""
    folder, away = (world.base / f"raced-{word}-{name.split()[-1]}-{force}" for word in "ab")
    for one in (folder, away):
        one.mkdir()
        one.chmod(0o777)
    phones = world.phones(600 if "into" in name else 650)
    words = [
        word.replace("TARGET", str(folder / "target")).replace("LIST", str(phones))
        for word in _TARGETS[name]
    ]
    (target,) = [Path(word) for word in words if "target" in word]
    words += ["--force"] * force
    lost = 0
    precious = str(world.precious)
    with neighbour_at_it(lambda: _swapped(folder, target.name, away, precious)):
        for _ in range(_RACES):
            if force:
                target.unlink(missing_ok=True)
                target.write_bytes(b"of before")
                os.chown(target, OPERATOR, OPERATOR)
            done = world.siptui(*words, SIPTUI_STATE_DIR=str(ran))
            if "another user put something else there" in done.text:
                assert target.name in done.text
                assert done.exit_code in (1, 2)
                lost += 1
            elif done.exit_code == 0 or (name == "bundle" and "cannot be written" not in done.text):
                assert target.lstat().st_uid == OPERATOR, done.text
            target.unlink(missing_ok=True)
            for left in (*away.iterdir(), *folder.iterdir()):
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
            if lost:
                break
    assert lost


def test_a_backup_is_built_out_of_their_reach(world: World, ran: Path) -> None:
    """SQLite opens what it writes by name and follows links: in the place of a folder that they can
    rename they could put one with a link to any database of the operator's."""
    folder, seen = world.base / "backup-in", world.open / "seen"
    folder.mkdir()
    folder.chmod(0o777)

    def act() -> None:
        for entry in os.scandir(folder):
            if entry.is_dir():
                Path(entry.path).rename(folder / "away")
                seen.touch()

    with neighbour_at_it(act):
        for number in range(5):
            backup = folder / f"{number}.db"
            done = world.siptui("backup", backup, SIPTUI_STATE_DIR=str(ran))
            assert done.exit_code == 0, done.text
            assert backup.stat().st_mode & 0o777 == 0o600
            done = world.siptui("restore", backup, SIPTUI_STATE_DIR=str(ran))
            assert "has all of it already" in done.text, done.text
    assert not seen.exists()
    assert len(list(folder.iterdir())) == 5


@pytest.mark.parametrize("kind", ["link", "pipe", "file", "name"])
def test_the_audit_log_is_not_written_where_they_lead(world: World, ran: Path, kind: str) -> None:
    """A file of an auditor is another user's, too; but not in a folder that everyone may write."""
    planted = world.open / f"audit-{kind}"
    config = world.home / "config"
    mine = world.home / f"audited-{kind}"
    shutil.copytree(config, mine)
    text = (mine / "config.toml").read_text()
    named = f'[profiles.lab]\naudit_log = "{planted}"\n'
    (mine / "config.toml").write_text(text.replace("[profiles.lab]\n", named))
    for path in (mine, mine / "config.toml"):
        os.chown(path, OPERATOR, OPERATOR)
    world.plant(planted, kind)
    env = {"SIPTUI_CONFIG_DIR": str(mine), "SIPTUI_STATE_DIR": str(ran)}
    with _removed(planted):
        number = 700 + 2 * ["link", "pipe", "file", "name"].index(kind)
        done = world.siptui("run", world.phones(number), "--yes", **env)
        assert done.exit_code == 0, done.text
        why = "it has another name" if kind == "name" else "it is a"
        assert f"the audit log cannot be written ({planted}: {why}" in done.text
        world.untouched(planted, kind)


@pytest.mark.parametrize("what", ["list", "plan"])
def test_what_is_submitted_is_what_was_confirmed_whatever_they_put_in_its_place(
    world: World, ran: Path, what: str
) -> None:
    """Where the list, or the plan, lies in a folder that is theirs to write, while the question
    waits for its answer."""
    env = {"SIPTUI_STATE_DIR": str(ran)}
    first = 740 + 10 * (what == "plan")
    mine, other = (world.open / f"{word}-{what}" for word in ("mine", "other"))
    shutil.copy(world.phones(first + 2), other)
    shutil.copy(world.phones(first), mine)
    for path in (mine, other):
        os.chown(path, OPERATOR, OPERATOR)  # of the operator's own, so that no owner tells
        path.chmod(0o644)
    words = [str(mine)]
    if what == "plan":
        for path in (mine, other):
            plan = path.with_suffix(".json")
            assert world.siptui("run", path, "--plan-to", plan, **env).exit_code == 0
        mine, other = mine.with_suffix(".json"), other.with_suffix(".json")
        words = ["--plan", str(mine)]
    terminal = Terminal(world.operator, "run", *words, before=AS_OPERATOR, env=env)
    try:
        while not terminal.shows("Type 2 to go on"):
            assert terminal.process.poll() is None, terminal.shown
            time.sleep(0.02)
        done_by(lambda: other.rename(mine) and None)
        terminal.types("2\r")
        assert terminal.ends() == 0
    finally:
        terminal.close()
    done = world.siptui("export", "@last", "--format", "json", **env)
    submitted = {row["hardware_id"] for row in json.loads(done.stdout)["devices"]}
    assert submitted == {hardware_id(n) for n in (first, first + 1)}


def test_a_plan_of_theirs_is_not_carried_out(world: World, ran: Path) -> None:
    """Its digest fits, whoever wrote it: what tells it from a plan that was looked at is whose it
    is."""
    env = {"SIPTUI_STATE_DIR": str(ran)}
    plan, theirs = world.open / "mine.json", world.open / "theirs.json"
    assert world.siptui("run", world.phones(720), "--plan-to", plan, **env).exit_code == 0
    content = plan.read_text()

    def planted() -> None:
        theirs.write_text(content)
        (world.open / "link.json").symlink_to(plan)
        plan.rename(world.open / "moved.json")  # the folder lets them
        (world.open / "mine.json").write_text(content)

    done_by(planted)
    for path in (theirs, plan, world.open / "link.json"):
        done = world.siptui("run", "--plan", path, "--yes", "--json", **env)
        assert done.exit_code == 2, done.text
        error = json.loads(done.stdout)["error"]
        assert f"{path} belongs to another user ({NEIGHBOUR})" in error["message"]
        assert "look at what is in it" in error["next"]
    moved = world.open / "moved.json"
    moved.chmod(0o666)
    done = world.siptui("run", "--plan", moved, "--yes", "--json", **env)
    assert f"chmod go-w {moved}" in json.loads(done.stdout)["error"]["next"]
    moved.chmod(0o600)
    done = world.siptui("run", "--plan", moved, "--dry-run", **env)
    assert done.exit_code == 0, done.text


def test_a_backup_is_what_was_looked_at_and_nothing_beside_it(world: World, ran: Path) -> None:
    env = {"SIPTUI_STATE_DIR": str(ran)}
    backup = world.shared / "backup.db"
    assert world.siptui("backup", backup, **env).exit_code == 0

    def planted() -> None:
        os.mkfifo(world.shared / "pipe.db")
        for suffix in ("-wal", "-journal", "-shm"):
            backup.with_name(backup.name + suffix).write_bytes(b"\xd9\xd5\x05\xf9" * 200)

    done_by(planted)
    for path, why in ((world.shared / "pipe.db", "is no file"), (Path("/dev/zero"), "is no file")):
        done = world.siptui("restore", path, **env)
        assert done.exit_code == 2
        assert f"{path} {why}" in done.text
    done = world.siptui("restore", backup, **env)
    assert "has all of it already" in done.text, done.text
    done = world.siptui("restore", backup, SIPTUI_STATE_DIR=str(world.state("restored")))
    assert done.exit_code == 0, done.text


def test_hand_over_lists_lie_in_folders_of_the_operator_alone(world: World, ran: Path) -> None:
    folder = world.open / "new" / "handover"
    done = world.siptui("handover", "@last", "-o", folder, SIPTUI_STATE_DIR=str(ran))
    assert done.exit_code == 0, done.text
    assert {path.stat().st_mode & 0o077 for path in (folder, folder.parent)} == {0}
