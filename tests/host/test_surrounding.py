"""Which terminal the environment names."""

import pytest

from siptui.host.surrounding import came_by_ssh, multiplexer_of, terminal_of


@pytest.mark.parametrize(
    ("environ", "terminal", "multiplexer", "ssh"),
    [
        ({}, "", "", False),
        ({"WT_SESSION": "7d1c"}, "Windows Terminal", "", False),
        ({"WT_SESSION": "7d1c", "TERM_PROGRAM": "vscode"}, "Visual Studio Code", "", False),
        ({"WT_SESSION": "7d1c", "TERMINAL_EMULATOR": "JetBrains-JediTerm"}, "JetBrains", "", False),
        ({"TERM_PROGRAM": "tmux", "TMUX": "/tmp/t,1,0", "VTE_VERSION": "7"}, "VTE", "tmux", False),
        ({"STY": "12.pts-0", "SSH_CONNECTION": "a 1 b 22"}, "", "screen", True),
        ({"TERM_PROGRAM": "iTerm.app"}, "iTerm.app", "", False),
        ({"WT_SESSION": "", "SSH_TTY": ""}, "", "", False),
    ],
)
def test_the_terminal(environ: dict[str, str], terminal: str, multiplexer: str, ssh: bool) -> None:
    assert terminal_of(environ) == terminal
    assert multiplexer_of(environ) == multiplexer
    assert came_by_ssh(environ) is ssh
