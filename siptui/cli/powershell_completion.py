"""Completion for PowerShell, of which click knows nothing.

`_SIPTUI_COMPLETE=powershell_source siptui` prints what belongs into the profile of PowerShell.
"""

import os

from click.shell_completion import (
    CompletionItem,
    ShellComplete,
    add_completion_class,
    split_arg_string,
)

_SOURCE = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($word, $ast, $cursor)
    $env:COMP_LINE = $ast.ToString()
    $env:COMP_WORD = $word
    $env:%(complete_var)s = 'powershell_complete'
    try {
        %(prog_name)s | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            if (-not $help) { $help = $value }
            [System.Management.Automation.CompletionResult]::new(
                $value, $value, 'ParameterValue', $help)
        }
    } finally {
        Remove-Item Env:COMP_LINE, Env:COMP_WORD, Env:%(complete_var)s
    }
}
"""


class PowerShellComplete(ShellComplete):
    """Windows PowerShell 5.1 and PowerShell 7. PowerShell completes file names itself."""

    name = "powershell"
    source_template = _SOURCE

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words in front of the one that is typed, and that."""
        incomplete = os.environ.get("COMP_WORD", "")
        # A backslash is part of a path there.
        words = split_arg_string(os.environ.get("COMP_LINE", "").replace("\\", "/"))[1:]
        if incomplete and words and words[-1] == incomplete.replace("\\", "/"):
            words.pop()
        return words, incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """A line: what it completes to, a tab, what that is."""
        return f"{item.value}\t{item.help or ''}"

    def complete(self) -> str:
        """The lines; none for a name of a file."""
        words, incomplete = self.get_completion_args()
        found = self.get_completions(words, incomplete)
        return "\n".join(self.format_completion(one) for one in found if one.type == "plain")


def add_powershell() -> None:
    """Let click know it."""
    add_completion_class(PowerShellComplete)
