"""Help by topic, as text of 79 columns: what `siptui help TOPIC` prints and the console shows.

The files lie in the package, so that they can be read on a host without a browser.
"""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

#: Each topic with what it is about. `keys` is made from the table of actions, the others are files.
TOPICS: Mapping[str, str] = MappingProxyType(
    {
        "list": "device lists: columns, forms, faults",
        "run": "crashes, waits, doubt, other operators",
        "preflight": "what it checks, what fix changes",
        "keys": "the keys of the console",
        "json": "JSON output: types and fields",
        "exit-codes": "what each exit code means",
        "config": "config.toml and the environment",
        "windows": "folders, terminals, open files, text",
        "over-ssh": "SSH, tmux, clipboard, colours",
        "unattended": "nightly jobs, sign-in, audit log",
        "data": "what is kept here, forgetting, backups",
        "security": "what is stored, sent, never written",
        "install": "older Python, no network, completion",
        "recordings": "what is verified, how to record",
    }
)


def topic_text(name: str) -> str:
    """The text of the topic `name`, with a newline at its end.

    Raises `KeyError` for a name that is no topic, and for `keys`, which has no file.
    """
    if name not in TOPICS or name == "keys":
        raise KeyError(name)
    return (files("siptui.help") / f"{name}.txt").read_text(encoding="utf-8")
