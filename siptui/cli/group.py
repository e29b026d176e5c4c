"""The command line: which commands there are, and that each is imported only when it is called.

`siptui --help` reads the table below and imports no command, so it starts like a small tool.
Each command is `siptui/cli/commands/NAME.py` with a `click.Command` named `command`. What a command
returns, if it is a number, is the exit code; errors are raised, and reported here alone.
"""

import difflib
import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from siptui import __version__
from siptui.cli import log_format
from siptui.cli.errors import lost_output, quiet_pipe, report
from siptui.cli.powershell_completion import add_powershell
from siptui.devicelist.workbook_process import start_early
from siptui.domain.errors import ExitCode, UsageError
from siptui.host.command_line import has_folder
from siptui.host.open_files import require_open_files
from siptui.host.standard_streams import output_error, write_utf8

#: Every command, in the order of the help page, with its line there.
COMMANDS = {
    "demo": "Open the console on a built-in emulated tenant; no account, no network.",
    "check": "Read and validate a device list, offline.",
    "status": "Tell where each row of a device list stands.",
    "run": "Plan, submit, follow and report, without a console.",
    "runs": "List the runs in the journal, newest first.",
    "show": "Show how a run stands.",
    "pause": "Stop submitting in a run for a while.",
    "stop": "Stop submitting in a run; what is live is followed.",
    "overview": "Show all profiles of this host, one line each.",
    "report": "Report on all runs of a device list together.",
    "handover": "Write what failed as a list for each addressee.",
    "resume": "Continue a run that stopped.",
    "retry": "Submit the failed devices of a run again.",
    "attach": "Open the console on a run.",
    "export": "Write the results of a run.",
    "preflight": "Check the prerequisites of tenant and accounts; changes nothing.",
    "fix": "Fix what preflight found, step by step.",
    "urls": "Print the provisioning URLs.",
    "batches": "List the batches the service remembers (30 days).",
    "batch": "Show the devices of one batch the service remembers.",
    "profiles": "List the profiles; add, choose, rename, remove one.",
    "auth": "Sign in to the tenant, sign out, show the sign-in.",
    "forget": "Forget runs, or a person, for good.",
    "prune": "Forget the runs that are old enough.",
    "backup": "Write a copy of the journal, also while runs go on.",
    "restore": "Put a backup in the journal's place.",
    "emulator": "Serve the emulated tenant on a loopback port.",
    "info": "Show version, folders, profile and where the sign-in is kept.",
    "doctor": "Try DNS, proxy, TLS, clock and sign-in, step by step.",
    "help": "Show help by topic, or of a command.",
}
#: What a first argument that is no command opens.
CONSOLE = "open"
#: Commands without a service, which need few open files.
_OFFLINE = frozenset(
    {
        *("check", "handover", "overview", "report", "runs", "show", "pause", "stop"),
        *("export", "info", "urls", "help", "profiles", "forget", "prune", "backup", "restore"),
    }
)
# Options that may stand before a command or a file and take a value, with which they move.
_WITH_VALUE = frozenset(
    {"--profile", "--region", "--log-level", "--log-format", "--record", "--settle", "--where"}
)
_OWN = frozenset({"--help", "-h", "--version"})


def arranged(args: Sequence[str]) -> list[str]:
    """`args` with the command first: options before it move behind it, a file gets the console.

    `siptui LIST` is `siptui open LIST`, `siptui --profile P runs` is `siptui runs --profile P`.
    Raises `UsageError` for a word that is neither a command nor a file.
    """
    at = _first_word(args)
    word = args[at] if at is not None else None
    leading = list(args[:at])
    if _OWN.intersection(leading):
        return list(args)
    if word == "version":
        return ["--version"]
    if word is None or at is None or "--" in leading:
        return [CONSOLE, *args]
    if word in COMMANDS or word == CONSOLE:
        return [word, *leading, *args[at + 1 :]]
    # After an option of the console's own the word may be that option's value: click will know.
    if not leading and not _may_be_file(word):
        raise _no_such(word)
    return [CONSOLE, *args]


def _first_word(args: Sequence[str]) -> int | None:
    """Where the first argument is that is neither an option nor an option's value."""
    value = False
    for at, arg in enumerate(args):
        if value:
            value = False
        elif arg == "-" or not arg.startswith("-"):
            return at
        else:
            value = arg in _WITH_VALUE
    return None


def _may_be_file(word: str) -> bool:
    return word == "-" or has_folder(word) or "." in word or Path(word).exists()


def _no_such(word: str) -> UsageError:
    near = difflib.get_close_matches(word, COMMANDS, n=1)
    hint = f"Did you mean “siptui {near[0]}”? " if near else ""
    return UsageError(
        f"“{word}” is neither a command nor a file in this folder.",
        title="Wrong usage",
        remedy=f"{hint}“siptui --help” lists the commands.",
    )


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command `cmd_name`, imported now; `None` if there is none."""
        if cmd_name not in COMMANDS and cmd_name != CONSOLE:
            return None
        if cmd_name not in _OFFLINE and not ctx.resilient_parsing:
            require_open_files()
        command: click.Command = import_module(f"siptui.cli.commands.{cmd_name}").command
        gc.freeze()
        gc.enable()
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, after the arguments have been arranged."""
        if args or not ctx.resilient_parsing:
            args = arranged(args)
        if not ctx.resilient_parsing and args[:1] == [CONSOLE]:
            self._start_early(ctx, args)
        return super().parse_args(ctx, args)

    def _start_early(self, ctx: click.Context, args: Sequence[str]) -> None:
        """Where the console is to open a workbook, what reads it loads beside the console."""
        for word in args[1:]:
            if not word.startswith("-") and (end := start_early(Path(word))):
                ctx.call_on_close(end)
                return

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands: click would import each for its line."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, the options of the console, which needs none, and the group's own."""
        from siptui.cli.open_options import help_records  # the help page alone needs them

        self.format_commands(ctx, formatter)
        own = [param.get_help_record(ctx) for param in self.get_params(ctx)]
        with formatter.section("Options of the console (siptui [FILE])"):
            formatter.write_dl(help_records(ctx))
        with formatter.section("Options"):
            formatter.write_dl([record for record in own if record is not None])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples, exit codes and environment, and what a first word stands for."""
        from siptui.cli.command_help import write_ending

        write_ending(ctx, formatter)
        super().format_epilog(ctx, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands, from the table, and files: the first argument may be either."""
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [
            CompletionItem(incomplete, type="file"),
            *(
                CompletionItem(name, help=COMMANDS[name])
                for name in COMMANDS
                if name.startswith(incomplete)
            ),
        ]

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line and leave with its exit code, whatever happens on the way."""
        given = kwargs.get("args", args[0] if args else None)
        words = list(sys.argv[1:] if given is None else given)
        kwargs.update(args=words, standalone_mode=False)
        kwargs["prog_name"] = kwargs.get("prog_name") or "siptui"
        if "--json" in words:
            write_utf8()
        add_powershell()
        if log_format.wanted(words):
            with log_format.json_on_stderr():
                sys.exit(self._code_of(words, kwargs))
        sys.exit(self._code_of(words, kwargs))

    def _code_of(self, words: list[str], kwargs: dict[str, Any]) -> int:
        try:
            done = super().main(**kwargs)
            sys.stdout.flush()
            code = int(done) if isinstance(done, int) else ExitCode.OK
        except (Exception, KeyboardInterrupt) as error:
            code = _reported(error, words)
        return _with_lost_output(code)


def _with_lost_output(code: int) -> int:
    """`code`, after it was told what kept the output from getting out; an error instead of 0 then.
    A reader that went away (`siptui runs | head`) knows that it did."""
    error = output_error()
    if error is None or isinstance(error, BrokenPipeError):
        return code
    lost = lost_output(error)
    return code or lost


def _reported(error: BaseException, words: list[str]) -> int:
    try:
        return quiet_pipe() if isinstance(error, BrokenPipeError) else report(error, words)
    except BrokenPipeError:
        return quiet_pipe()


@click.group(
    "siptui",
    cls=LazyGroup,
    options_metavar="",
    subcommand_metavar="[FILE | COMMAND] [OPTIONS]",
    epilog="“siptui LIST.csv” opens the console on a device list (“./check” for a file named like "
    "a command); “siptui --region EMEA LIST.csv” sets the region of rows that have none. "
    "“siptui COMMAND --help” describes a command and its options.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="siptui %(version)s")
def cli() -> None:
    """Sign SIP phones in to Microsoft Teams SIP Gateway, hundreds at a time.

    A sign-in resets the password of each account to an unknown value and cannot be undone: siptui
    shows what it will do and asks before it submits.
    """
