"""Commands named in remedies, with the profile of the command that runs."""

import re

import click

from siptui.domain.text import visible
from siptui.host.command_line import quoted

#: Commands that need the profile that was given on the command line, too.
_COMMAND = re.compile(
    r"\bsiptui (?:auth log(?:in|out)|(?:resume|retry|attach|export|show|pause|stop) [\w-]+|batches)"
    r"(?![\w-])"
    r"(?! --profile)"
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
