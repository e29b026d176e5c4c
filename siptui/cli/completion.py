"""What the shell offers for a word that is being typed: runs, profiles, themes, columns.

Nothing here may fail, write or print: whatever cannot be read offers nothing.
"""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from siptui.domain.columns import COLUMNS

if TYPE_CHECKING:
    from siptui.devicelist.model import DeviceList

LAST = "@last"


def complete_runs(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Runs, newest first: of the profile that is named before, else of all."""
    found: list[str] = []
    with contextlib.suppress(Exception):
        found = list(_runs(ctx.params.get("profile") or ""))
    newest = [LAST] if found else []
    return _beginning([*found, *newest], incomplete)


def complete_runs_and_files(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Runs, and the files of the folder."""
    runs = complete_runs(ctx, param, incomplete)
    return [*runs, CompletionItem(incomplete, type="file")]


def complete_profiles(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The profiles of the configuration."""
    from siptui.settings.load import load

    with contextlib.suppress(Exception):
        return _beginning(sorted(load().profiles), incomplete)
    return []


def complete_themes(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The themes, the operator's own among them."""
    from siptui.settings.folders import folders
    from siptui.tui.themes import theme_names

    with contextlib.suppress(Exception):
        return _beginning(theme_names(folders().themes), incomplete)
    return []


def complete_columns(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """`NAME=` for each column; behind it the headers of the list that is named before."""
    key, equals, _ = incomplete.partition("=")
    if equals:
        return _beginning([f"{key}={header}" for header in _headers(ctx)], incomplete)
    return _beginning([f"{name}=" for name in COLUMNS], incomplete)


def complete_headers(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The headers of the list that is named before."""
    return _beginning(_headers(ctx), incomplete)


def complete_parts(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """`COLUMN=` for each header of the list that is named before; behind it the
    values there are."""
    header, equals, _ = incomplete.partition("=")
    if not equals:
        return _beginning([f"{name}=" for name in _headers(ctx)], incomplete)
    with contextlib.suppress(Exception):
        found = _list(ctx)
        devices = found.devices if found is not None else ()
        values = dict.fromkeys(device.extra.get(header, "") for device in devices)
        return _beginning([f"{header}={value}" for value in values if value], incomplete)
    return []


def _beginning(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    begun = incomplete.casefold()
    return [CompletionItem(word) for word in words if word.casefold().startswith(begun)]


def _runs(profile: str) -> Iterator[str]:
    from siptui.app.all_profiles import journal_of
    from siptui.runs.journal.journal import Journal
    from siptui.settings.load import load

    settings = load()
    for name in [profile] if profile else sorted(settings.profiles):
        path = journal_of(settings, settings.profiles[name])
        if path.exists():
            with Journal(path, read_only=True) as journal:
                yield from journal.runs()


def _headers(ctx: click.Context) -> list[str]:
    with contextlib.suppress(Exception):
        if (found := _list(ctx)) is not None:
            return list(found.headers)
    return []


def _list(ctx: click.Context) -> "DeviceList | None":
    from siptui.devicelist.reading import read

    # A line that ends with an option has its file among the words that are not taken yet.
    named = ctx.params.get("file")
    words = [str(named)] if named else ctx.args
    file = next((Path(word) for word in words if Path(word).is_file()), None)
    return read(file) if file is not None else None
