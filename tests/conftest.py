"""What holds for every test: no network but loopback, no folder but its own, the same each time."""

import gc
import importlib.util
import itertools
import logging
import os
import socket
import sys
import tempfile
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from siptui.tui.run_console import prepare_environment
from tests.support.memory_folder import folder_in_memory

# Hardly anything that is imported and collected becomes garbage: it is looked for once the tests
# begin (`pytest_collection_finish`).
gc.disable()

# What is imported and collected stays: until then the garbage collector would pass over it again
# and again, and find nothing.
gc.set_threshold(1_000_000)

# No time limits: a slow machine is not a fault. On CI the examples are the same on every run.
settings.register_profile(
    "dev", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# What Python compiled is kept, as it is for installed commands: where the surroundings forbid it,
# each of the hundreds of processes that tests start compiles all of siptui anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# httpx looks for this package at each request to an application in the same process. Told that
# there is none, Python does not search every folder of its path for it each time.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # how Python notes it

# Temporary folders lie in memory unless the one who calls has said where (`--basetemp`, TMPDIR).
if "TMPDIR" not in os.environ and (_memory := folder_in_memory()):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_memory))
    tempfile.tempdir = str(_memory)  # of examples of Hypothesis, each of which has a folder

# Configurations that tests write must be ones that siptui obeys: closed to the writing of others.
os.umask(0o022)

# The same times on every screen, wherever the tests are run.
os.environ["TZ"] = "UTC"
if hasattr(time, "tzset"):
    time.tzset()

# As the entry point does, but that a frame is due at once. Textual reads it when it is imported;
# what tests start is told nothing of it, as it is told nothing that the surroundings say.
os.environ.setdefault("TEXTUAL_FPS", "1000")
prepare_environment()
importlib.import_module("textual.constants")
for _name in [name for name in os.environ if name.startswith("TEXTUAL")]:
    del os.environ[_name]

if sys.platform == "linux":
    from tests.support import compiled_once, forking

    _FORKS = forking.begin()
else:
    _FORKS = None

_FROM_OUTSIDE = (
    *("SIPTUI_", "TEXTUAL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),  # each process would read them all
)
_numbers = itertools.count()


def pytest_configure(config: pytest.Config) -> None:
    """Before the processes of `-n` begin, what is new to this checkout is compiled once, rather
    than by each of them: by as many processes as there are processors."""
    if config.getoption("dist", "no") == "no" or hasattr(config, "workerinput"):
        return
    gc.enable()  # this one collects nothing
    if _FORKS:
        compiled_once.compile_new(Path(__file__).parent)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A process that has nothing left to do takes tests over from another, unless `--dist` says
    otherwise."""
    if config.getoption("dist") != "load":
        return None
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of several processes each begins with an equal part of the tests that take long, and of those
    of workers, which wait for processes: at the end nothing else would use the processors."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes == 1:
        return
    long, rest, dealt = list[pytest.Item](), list[pytest.Item](), list[pytest.Item]()
    for item in items:
        waits = item.path.parent.name == "worker"
        (long if waits or item.get_closest_marker("slow") else rest).append(item)
    for number in range(processes):  # each is given the next piece of the list
        mine = long[number::processes]
        share = max(0, (len(items) - len(dealt)) // (processes - number) - len(mine))
        dealt += [*mine, *rest[:share]]
        del rest[:share]
    items[:] = [*dealt, *rest]


def pytest_collection_finish() -> None:
    """The garbage collector begins, and passes over what was imported and collected: that stays to
    the end."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    gc.enable()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if _FORKS:
        _FORKS.active = item.get_closest_marker("own_python") is None


def _is_loopback(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ip_address(str(host)).is_loopback
    except ValueError:
        return False


class OffLoopbackError(pytest.fail.Exception):
    """A test reached for the network. No `except Exception` in the code under test hides it."""


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections and look-ups that leave this machine fail the test.

    Names under `.invalid` (RFC 6761) are answered as a resolver would: not found.
    """
    real_getaddrinfo = socket.getaddrinfo

    def guarded(name: str) -> Any:
        real = getattr(socket.socket, name)

        def call(self: socket.socket, *args: Any) -> Any:
            address = args[-1]
            if isinstance(address, tuple) and not _is_loopback(address[0]):
                raise OffLoopbackError(f"{name} to {address!r}: tests stay on loopback")
            return real(self, *args)

        return call

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name.rstrip(".").endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if not _is_loopback(host):
            raise OffLoopbackError(f"look-up of {host!r}: tests stay on loopback")
        return real_getaddrinfo(host, *args, **kwargs)

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, guarded(name))
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture(scope="session")
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folders")
    (folder / "shared").mkdir()
    return folder


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch, _own_folders: Path) -> Path:
    """Configuration, journal and logs of each test lie in folders of its own, not yet made.

    So do the waits and turns that all processes of a user share: a later test whose emulator has
    the port of an earlier one would be told to wait by that one.
    """
    for name in list(os.environ):
        if name.upper().startswith(_FROM_OUTSIDE):
            monkeypatch.delenv(name)
    # A command that a test called in its own process has started the log: here it ends with it.
    monkeypatch.setattr(logging.getLogger("siptui"), "propagate", True)
    number = next(_numbers)
    mine = _own_folders / str(number)
    shared = _own_folders / "shared" / str(number)
    shared.mkdir()
    monkeypatch.setenv("TMPDIR", str(shared))
    monkeypatch.setattr(tempfile, "tempdir", str(shared))
    monkeypatch.setenv("SIPTUI_CONFIG_DIR", str(mine / "config"))
    monkeypatch.setenv("SIPTUI_STATE_DIR", str(mine / "state"))
    return mine
