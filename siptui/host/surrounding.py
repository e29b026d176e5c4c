"""What a process has around it: its terminal, its session or job, and what ends a worker there."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct


class WorkerEnd(StrEnum):
    """What ends a worker that is at work, other than the end of its run and of the host."""

    NOTHING = "nothing"
    TERMINAL = "terminal"  # its terminal ends all that was started in it
    LOGOUT = "logout"  # the host ends all that was started in a session with it
    LAST_LOGOUT = "last_logout"  # the host ends all of the user's with the last session


class Job(Struct, frozen=True):
    """The limits of a job of Windows that count here.

    `may_leave`: a child leaves it if its starter asks for it (breakaway). `children_leave`: every
    child does (silent breakaway). `ends_members`: who closes the job ends all that is in it.
    """

    may_leave: bool
    children_leave: bool
    ends_members: bool


class Surroundings(Struct, frozen=True):
    """Around this process.

    `terminal` is what draws the characters, as far as the environment says it, `multiplexer` what
    lies between, both empty where none is known; `over_ssh` whether they came by SSH; `code_page`
    the encoding of the output. `unit` is the session or service of systemd, `job` the innermost
    job of Windows.
    """

    terminal: str
    multiplexer: str
    over_ssh: bool
    code_page: str
    unit: str = ""
    job: Job | None = None


#: Variables that multiplexers set, and what they are called.
_MULTIPLEXERS = (("TMUX", "tmux"), ("ZELLIJ", "zellij"), ("STY", "screen"))
_SSH = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")
#: What terminals set; the first that is set counts. An editor's may have been started in another
#: terminal, whose variables are there still.
_TERMINALS = (
    ("VSCODE_INJECTION", "Visual Studio Code"),
    ("WT_SESSION", "Windows Terminal"),
    ("ConEmuPID", "ConEmu"),
    ("KITTY_WINDOW_ID", "kitty"),
    ("ALACRITTY_WINDOW_ID", "Alacritty"),
    ("KONSOLE_VERSION", "Konsole"),
    ("VTE_VERSION", "VTE"),
)
_PROGRAMS = {"vscode": "Visual Studio Code", "Apple_Terminal": "Terminal"}


def terminal_of(environ: Mapping[str, str]) -> str:
    """The terminal that the environment names, or nothing. Over SSH few variables come along."""
    if "JetBrains" in environ.get("TERMINAL_EMULATOR", ""):
        return "JetBrains"
    program = environ.get("TERM_PROGRAM", "")
    if program and program not in ("tmux", "screen"):  # these hide what they are in
        return _PROGRAMS.get(program, program)
    return next((name for variable, name in _TERMINALS if environ.get(variable)), "")


def multiplexer_of(environ: Mapping[str, str]) -> str:
    """The multiplexer that the environment names, or nothing."""
    return next((name for variable, name in _MULTIPLEXERS if environ.get(variable)), "")


def came_by_ssh(environ: Mapping[str, str]) -> bool:
    """Whether the session came by SSH."""
    return any(environ.get(variable) for variable in _SSH)
