"""Commands named in remedies, with the profile of the command that runs."""

import click

from siptui.domain.patterns import regex
from siptui.domain.text import visible
from siptui.host.command_line import quoted

#: The commands that take a profile, all of them: a test compares it with the command line. Behind
#: those of `OF_RUN` a run is named, and the profile behind that.
OF_RUN = ("resume", "retry", "attach", "export", "show", "pause", "stop", "handover", "batch")
OF_PROFILE = (
    *("auth login", "auth logout", "auth status", "check", "status", "run", "runs", "report"),
    *("preflight", "fix", "urls", "batches", "forget", "prune", "backup", "restore", "info"),
    *("doctor",),
)
_COMMAND = regex(
    rf"\bsiptui (?:(?:{'|'.join(OF_RUN)})(?: (?=[\dA-Z@]|\w*\d)[\w@-]+)?+"
    rf"|(?:{'|'.join(OF_PROFILE)}))(?![\w-])(?! --help)"
    r"(?![^;,”`\n]*--profile)"  # it is there, perhaps behind other options
)


def for_profile(remedy: str, profile: str | None) -> str:
    """`remedy` with the profile named where it says to sign in or to go on: one that was given on
    the command line is not the one that is used without it."""
    if not profile:
        return remedy
    named = f" --profile {quoted(visible(profile))}"
    return _COMMAND.sub(lambda found: found.group() + named, remedy)


def named(text: str) -> str:
    """`text` with the profile of the command that runs, if it was given one."""
    context = click.get_current_context(silent=True)
    return for_profile(text, context.params.get("profile") if context else None)
