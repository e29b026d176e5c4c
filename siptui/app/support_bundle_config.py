"""The configuration as it may be shown to others: which settings there are, not what they name.

Comments are left out, and so is every value that is not known to say nothing of its owner.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from siptui.domain.region import Region
from siptui.settings.model import BUILT_IN_CLOUDS

#: Settings whose values are from a list of ours.
_OPEN = frozenset({"region", "log_level", "number_type", "theme"})
#: Settings that hold what the stand-ins know: ids, addresses, names of tenants and profiles.
_SCRUBBED = frozenset({"tenant", "client_id", "public_ips", "default_profile"})
_ADDRESSES = frozenset({"authority", "admin_api", "graph", "devices"})
#: Shorter words are not looked for: they stand everywhere.
_LEAST = 3
#: In what is not TOML: texts, names of profiles and clouds, values that lack their quotes.
_NAMED = re.compile(r"(?m)^\s*\[(?:profiles|clouds)\.[\"']?([\w-]+)")
_UNQUOTED = re.compile(r"(?m)=\s*([^\s\"'\[{#]+)$")
_QUOTED = re.compile(r"[\"']([^\"'\n]+)[\"']")
_COMMAND = "notify_command"
_KEY = re.compile(r"\s*(\[+[^\]]*\]+|[A-Za-z0-9_.\"'-]+\s*=)")

#: Replaces every name; replaces whole words.
Scrub = Callable[[str], str]


def shown_config(text: str, scrub: Scrub, word: Scrub) -> str:
    """The configuration in `text`, fit for others. What cannot be read is shown by its keys."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        lines = [_key_alone(line, scrub) for line in text.splitlines()]
        return "\n".join(["# Not TOML: the keys alone, in their lines.", *lines]) + "\n"
    return "\n".join(_table(data, "", scrub, word)) + "\n"


def texts_of(text: str) -> set[str]:
    """What the configuration in `text` says in words of its owner's, so that it is found in
    messages and logs, too: values, the words of commands, names of profiles and clouds."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        quoted = [found for found in _QUOTED.findall(text) if "://" not in found]
        words = [word for found in quoted for word in found.split()]
        told = {*_NAMED.findall(text), *quoted, *words, *_UNQUOTED.findall(text)}
    else:
        told = set(_texts(data, ""))
    named = {found for found in told if len(found) >= _LEAST and not found.isdigit()}
    return named - BUILT_IN_CLOUDS.keys() - {"true", "false", "siptui", *Region}


def _texts(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            if key in ("profiles", "clouds"):
                yield name
            if name == _COMMAND:
                yield from _words(one)[1:]
            elif name != "keys":
                yield from _texts(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, key)
    elif isinstance(value, str) and key not in _OPEN and "://" not in value:
        yield from (value, *value.split())


def _key_alone(line: str, scrub: Scrub) -> str:
    found = _KEY.match(line)
    if found is None:
        return "…" if line.strip() else ""
    return scrub(found.group()) + ("" if found.group().lstrip().startswith("[") else " …")


def _table(data: Mapping[str, Any], where: str, scrub: Scrub, word: Scrub) -> Iterator[str]:
    """The lines of a table: first its own settings, then the tables in it."""
    inner = {key: value for key, value in data.items() if isinstance(value, dict)}
    if where and (len(inner) < len(data) or not data):
        yield f"[{scrub(where)}]"
    for key, value in data.items():
        if key not in inner:
            yield f"{scrub(key)} = {_value(key, value, where, scrub, word)}"
    for key, value in inner.items():
        yield from _table(value, f"{where}.{key}" if where else key, scrub, word)


def _value(key: str, value: Any, where: str, scrub: Scrub, word: Scrub) -> str:
    if key == _COMMAND:
        return _command(value, scrub)
    if isinstance(value, list):
        return f"[{', '.join(_value(key, one, where, scrub, word) for one in value)}]"
    if not isinstance(value, str):
        return json.dumps(value) if isinstance(value, bool | int | float) else "…"
    if key in _OPEN or where == "keys" or (key == "cloud" and value in BUILT_IN_CLOUDS):
        return json.dumps(value[:80], ensure_ascii=False)
    shown = scrub(value) if key in _SCRUBBED | _ADDRESSES else word(value)
    if shown == value and not (key in _ADDRESSES and "://" in value):
        shown = word(value)
    return json.dumps(shown, ensure_ascii=False)


def _command(value: Any, scrub: Scrub) -> str:
    """The first word of a command, by its name: what follows are secrets as often as not."""
    words = _words(value)
    shown = [scrub(word.rpartition("/")[2]) for word in words[:1]] + ["…"] * (len(words) > 1)
    return json.dumps(shown, ensure_ascii=False)


def _words(command: Any) -> list[str]:
    if not isinstance(command, list):
        return str(command).split()
    found = [str(word) for word in command]
    return found + [part for word in found[1:] for part in word.split()]
