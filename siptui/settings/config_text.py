"""Changes to the text of config.toml that leave every other character as it is. Pure.

Each change is made line by line and then read back: unless the file then says what it said before
and the change, no more and no less, it is refused. A parser that keeps comments (tomlkit was looked
at) puts the comment above a table into the table before it and renames no table, so that its
results would need the same care.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

_HEADER = re.compile(r"^(?P<indent>\s*)\[(?P<path>[^\[\]]+)\](?P<rest>\s*(?:#.*)?)$")
_ANY_HEADER = re.compile(r"^\s*\[")
_DEFAULT = re.compile(
    r"^(?P<head>\s*default_profile\s*=\s*)(?P<value>\"(?:[^\"\\]|\\.)*\"|'[^']*')(?P<tail>.*)$"
)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PROFILES = "profiles"


class UneditableError(ValueError):
    """The file says it in a form that cannot be changed line by line."""


def quoted(value: str) -> str:
    """`value` as a TOML string: a basic string has JSON's escapes."""
    return json.dumps(value, ensure_ascii=False)


def with_default(text: str, name: str) -> str:
    """`text` in which `name` is the default profile; with an empty one there is none."""

    def change(data: dict[str, Any]) -> None:
        data.pop("default_profile", None)
        if name:
            data["default_profile"] = name

    return _checked(text, _default_lines(text, name), change)


def renamed(text: str, old: str, new: str) -> str:
    """`text` in which the profile `old` is called `new`, also as the default one."""

    def change(data: dict[str, Any]) -> None:
        data[_PROFILES] = {new if n == old else n: t for n, t in data[_PROFILES].items()}
        if data.get("default_profile") == old:
            data["default_profile"] = new

    lines = []
    for line in _lines(text):
        body, end = _parted(line)
        path = _path(body)
        if path[:2] == (_PROFILES, old):
            found = _HEADER.match(body)
            assert found is not None
            dotted = ".".join(bare_or_quoted(part) for part in (_PROFILES, new, *path[2:]))
            body = f"{found['indent']}[{dotted}]{found['rest']}"
        lines.append(body + end)
    done = "".join(lines)
    if tomllib.loads(text).get("default_profile") == old:
        done = _default_lines(done, new)
    return _checked(text, done, change)


def without(text: str, name: str) -> str:
    """`text` without the profile `name`. Comments behind a blank line, and those right above
    another table, stay: they are about what follows."""

    def change(data: dict[str, Any]) -> None:
        del data[_PROFILES][name]
        if not data[_PROFILES]:
            del data[_PROFILES]
        if data.get("default_profile") == name:
            del data["default_profile"]

    lines: list[str] = []
    above: list[str] = []  # comments of the profile that nothing followed yet
    inside, blank = False, False
    for line in _lines(text):
        body, _ = _parted(line)
        if _ANY_HEADER.match(body):
            of_another = inside
            inside = _path(body)[:2] == (_PROFILES, name)
            if of_another and not inside:
                lines += above
            above, blank = [], False
        elif inside:
            commented = body.lstrip().startswith("#") and not blank
            above = [*above, line] if commented else []
            blank = blank or not body.strip()
            if blank and body.strip() and not body.lstrip().startswith("#"):
                blank = False  # a setting behind the blank line
        if not inside or (blank and body.lstrip().startswith("#")):
            lines.append(line)
    done = "".join(lines)
    if tomllib.loads(text).get("default_profile") == name:
        done = _default_lines(done, "")
    return _checked(text, done, change)


def _default_lines(text: str, name: str) -> str:
    """The line of `default_profile` changed, added at the top, or taken out."""
    lines, done, top = [], False, True
    for line in _lines(text):
        body, end = _parted(line)
        top = top and not _ANY_HEADER.match(body)
        found = _DEFAULT.match(body) if top and not done else None
        if found is None:
            lines.append(line)
            continue
        done = True
        if name:
            lines.append(f"{found['head']}{quoted(name)}{found['tail']}{end}")
    if not done and name:
        # At the very top, since a key behind a table's header would belong to that table.
        end = "\r\n" if "\r\n" in text else "\n"
        lines.insert(0, f"default_profile = {quoted(name)}{end}{end if text.strip() else ''}")
    return "".join(lines)


def _checked(text: str, done: str, change: Callable[[dict[str, Any]], None]) -> str:
    wanted = deepcopy(tomllib.loads(text))
    change(wanted)
    try:
        found = tomllib.loads(done)
    except tomllib.TOMLDecodeError as error:
        raise UneditableError(str(error)) from error
    if found != wanted or list(_order(found)) != list(_order(wanted)):
        raise UneditableError("the change would not say what it should")
    return done


def _order(data: dict[str, Any]) -> Iterator[str]:
    yield from data.get(_PROFILES, {})


def _path(body: str) -> tuple[str, ...]:
    """The keys of a table's header, or nothing."""
    found = _HEADER.match(body)
    if found is None:
        return ()
    try:
        data: Any = tomllib.loads(f"[{found['path']}]")
    except tomllib.TOMLDecodeError:
        return ()
    keys = []
    while data:
        (key,) = data
        keys.append(key)
        data = data[key]
    return tuple(keys)


def _lines(text: str) -> list[str]:
    """The lines as TOML has them, with their ends: a comment may hold other line separators."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _parted(line: str) -> tuple[str, str]:
    body = line.rstrip("\r\n")
    return body, line[len(body) :]


def bare_or_quoted(part: str) -> str:
    """A key of a table's header."""
    return part if _BARE.fullmatch(part) else quoted(part)
