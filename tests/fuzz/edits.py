"""Edits of a configuration by command: other lines stay, what changes is what was asked."""

import copy
import random
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.settings.folders import Folders
from siptui.settings.write import add_profile, remove_profile, rename_profile, use_profile

_NAMES = ("contoso", "lab", "a b", "x.y", "ü", "q", "1", "Contoso", "de'f")
_LINES = (
    *("# a remark", "", "   ", "# [profiles.gone]", 'theme = "siptui-dark"', "mouse = false"),
    *('notify_command = ["a", "[profiles.x]"]', 'notify_command = [\n  "a",\n  "# b",\n]'),
)
_IN_PROFILE = (
    *('region = "EMEA"', "batch_size = 20", "slots = 1  # a remark", "# a remark", ""),
    *('audit_log = "syslog"', "keep_days = 90", "read_only = true"),
)


def _quoted(name: str, rnd: random.Random) -> str:
    if name.isascii() and name.isalnum() and rnd.random() < 0.6:
        return name
    return f'"{name}"' if "'" in name or rnd.random() < 0.5 else f"'{name}'"


def _some_config(rnd: random.Random) -> str:
    names = rnd.sample(_NAMES, rnd.randrange(4))
    lines = [line for line in _LINES if rnd.random() < 0.25]
    keys = [line.partition(" ")[0] for line in lines]
    lines = [line for n, line in enumerate(lines) if line[:1] in "# " or keys[n] not in keys[:n]]
    if names and rnd.random() < 0.6:
        lines.insert(rnd.randrange(len(lines) + 1), f'default_profile = "{rnd.choice(names)}"  # d')
    tables = []
    for name in names:
        body = [f'tenant = "{name.encode().hex()}.example"']
        body += [line for line in _IN_PROFILE if rnd.random() < 0.3]
        rnd.shuffle(body)
        space = rnd.choice(("", " "))
        head = f"[{space}profiles{space}.{space}{_quoted(name, rnd)}{space}]"
        form = rnd.random()
        if form < 0.75:
            tables.append([head + rnd.choice(("", "  # of it")), *body])
        elif form < 0.85:
            tables.append(["[profiles]", f'{_quoted(name, rnd)} = {{ tenant = "a.example" }}'])
        else:
            tables.append([f"{head[:-1]}.columns]", 'site = "Ort"', head, *body])
    if rnd.random() < 0.3:
        tables.append(["[keys]", 'submit = "S"'])
    rnd.shuffle(tables)
    text = "\n".join([*lines, *(line for table in tables for line in table)])
    end = rnd.choice(("\n", "\n", "\r\n"))
    return text.replace("\n", end) + rnd.choice(("", end))


def attack(folder: Path, rnd: random.Random, number: int) -> bool:
    """One edit of one configuration; whether it was made.

    Raises `AssertionError` for a setting that was lost or changed beside what was asked, for a
    remark that was lost, and for a file that was changed by an edit that was refused.
    """
    config = folder / "edited"
    config.mkdir(exist_ok=True, mode=0o700)
    path = config / "config.toml"
    text = _some_config(rnd)
    path.write_bytes(text.encode())
    path.chmod(0o600)
    folders = Folders(config, folder / "state", folder / "state" / "logs")
    one, other = rnd.choice(_NAMES), rnd.choice((*_NAMES, "new", "", "a/b", "\x1b", "x" * 300))
    edits: dict[str, tuple[Callable[[], object], Callable[[dict[str, Any]], None]]] = {
        "add": (
            lambda: add_profile(folders, other, "new.example"),
            lambda data: data.setdefault("profiles", {}).update({other: {"tenant": "new.example"}}),
        ),
        "use": (
            lambda: use_profile(folders, one),
            lambda data: data.update(default_profile=one),
        ),
        "rename": (
            lambda: rename_profile(folders, one, other),
            lambda data: _renamed(data, one, other),
        ),
        "remove": (lambda: remove_profile(folders, one), lambda data: _removed(data, one)),
    }
    edit, asked = edits[rnd.choice(sorted(edits))]
    try:
        edit()
    except SiptuiError as error:
        shown = f"{error.message} {error.remedy}".replace("\n", " ")
        assert visible(shown) == shown, shown
        assert path.read_bytes() == text.encode()
        return False
    new = path.read_bytes().decode()
    wanted, found = copy.deepcopy(tomllib.loads(text)), tomllib.loads(new)
    asked(wanted)
    for both in (wanted, found):  # the first profile becomes the default; an empty table is none
        if "default_profile" not in tomllib.loads(text):
            both.pop("default_profile", None)
        if not both.get("profiles"):
            both.pop("profiles", None)
    if other in found.get("profiles", {}):
        found["profiles"][other].pop("cloud", None)  # which a new one names
        wanted["profiles"].get(other, {}).pop("cloud", None)
    assert found == wanted, f"{text}\n---\n{new}"
    return True


def _renamed(data: dict[str, Any], old: str, new: str) -> None:
    profiles = data["profiles"]
    data["profiles"] = {new if name == old else name: body for name, body in profiles.items()}
    if data.get("default_profile") == old:
        data["default_profile"] = new


def _removed(data: dict[str, Any], name: str) -> None:
    del data["profiles"][name]
    if data.get("default_profile") == name:
        del data["default_profile"]
