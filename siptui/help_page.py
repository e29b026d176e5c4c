"""The page of `siptui --help`, from the table of commands; needs nothing but the interpreter.

Asking for help is the first thing that is done with a tool: it must not wait for an argument
parser to be loaded, let alone for a command.
"""

import os
from collections.abc import Iterable, Iterator
from importlib.util import find_spec

#: Every command, in the order of the help page, with its line there.
COMMANDS = {
    "demo": "Open the console on a built-in emulated tenant; no account, no network.",
    "check": "Read and validate a device list, offline.",
    "run": "Plan, submit, follow and report, without a console.",
    "runs": "List the runs in the journal, newest first.",
    "resume": "Go on with a run that stopped.",
    "retry": "Submit the failed devices of a run again.",
    "attach": "Open the console on a run.",
    "export": "Write the results of a run.",
    "preflight": "Check the prerequisites of tenant and accounts; changes nothing.",
    "fix": "Set right what preflight found, step by step.",
    "urls": "Print the provisioning URLs.",
    "batches": "List the batches the service remembers (30 days).",
    "batch": "Show the devices of one batch the service remembers.",
    "auth": "Sign in to the tenant, sign out, show the sign-in.",
    "emulator": "Serve the emulated tenant on a loopback port.",
    "info": "Show version, folders, profile and where the sign-in is kept.",
    "doctor": "Try DNS, proxy, TLS, clock and sign-in, step by step.",
    "help": "Show help by topic, or of a command.",
}
OPTIONS = {"--version": "Show the version and exit.", "-h, --help": "Show this page and exit."}
ABOUT = (
    "Sign SIP phones in to Microsoft Teams SIP Gateway, hundreds at a time.",
    "A sign-in resets the password of each account to an unknown value and cannot be undone: "
    "siptui shows what it will do and asks before it submits.",
)
MORE = (
    "“siptui LIST.csv” opens the console on a device list (“./check” for a file named like a "
    "command); “siptui --region EMEA LIST.csv” names the region of rows that name none. "
    "“siptui COMMAND --help” tells more."
)
_WIDEST = 100


def module_of(command: str) -> str:
    """The module of a command."""
    return f"siptui.cli.commands.{command.replace('-', '_')}"


def available() -> list[str]:
    """The commands whose module is there, without importing any."""
    return [name for name in COMMANDS if find_spec(module_of(name)) is not None]


def page(width: int | None = None) -> str:
    """The page for a terminal of `width` columns; of this one, if there is one."""
    if width is None:
        width = _width()
    width = min(max(width, 40), _WIDEST) - 2
    lines = ["Usage: siptui [FILE | COMMAND] [OPTIONS]"]
    for text in ABOUT:
        lines += ["", *_wrapped(text, width, "  ")]
    for title, rows in (
        ("Options", OPTIONS.items()),
        ("Commands", ((name, COMMANDS[name]) for name in available())),
    ):
        lines += ["", f"{title}:", *_columns(rows, width)]
    return "\n".join((*lines, "", *_wrapped(MORE, width, "  ")))


def _width() -> int:
    try:
        return int(os.environ.get("COLUMNS", "")) or 80
    except ValueError:
        pass
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


def _columns(rows: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    for name, text in rows:
        first, *further = _wrapped(text, width - 13, "")
        yield f"  {name:11} {first}"
        yield from (" " * 14 + line for line in further)


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) > width - len(indent) and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return [indent + line for line in lines]
