"""Whether a list in an answer goes on, and where its next page is.

Pages of bulk sign-in were never seen. The names are those of Microsoft's neighbouring services
(Graph `@odata.nextLink`, Teams.User `nextLink` and `skiptoken`, device API `continuationToken`)
and their like. A next page is read from the service's own address only: a link to another host
would carry the sign-in there.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from msgspec import Struct

from siptui.gateway.errors import AnswerUnreadableError, RejectedError
from siptui.gateway.json_lists import Listed

T = TypeVar("T")
_LINKS = frozenset(
    {
        *("nextlink", "odatanextlink", "nextpagelink", "nextpageurl", "nextpageuri", "nextpage"),
        *("nexturl", "nexturi", "nexthref", "next"),
    }
)
_TOKENS = frozenset(
    {
        *("continuationtoken", "nextcontinuationtoken", "continuation", "skiptoken"),
        *("nextskiptoken", "odataskiptoken", "nexttoken", "nextpagetoken", "pagetoken"),
        *("nextcursor", "cursor", "endcursor", "nextmarker", "marker"),
    }
)
_FLAGS = frozenset(
    {
        *("hasmore", "hasmoreresults", "hasmoreitems", "hasmorepages", "hasmoredata", "hasnext"),
        *("hasnextpage", "moreavailable", "ismoreavailable", "moreresults", "istruncated"),
        *("truncated", "ispartial", "partial", "incomplete", "isincomplete"),
    }
)
_COUNTS = frozenset(
    {"totalcount", "total", "totalitems", "totalresults", "totalrecords", "odatacount", "count"}
)
#: Objects beside a list in which the above may stand.
_AROUND = frozenset({"paging", "pagination", "page", "pageinfo", "links", "meta", "metadata"})
#: Lengths at which a service may have cut a list.
_ROUND = frozenset({10, 20, 25, 30, 40, 64, 75, 128, 256, 512, 999, 1024, 2048, 4096})
_MOST_PAGES, _MOST_IDLE = 200, 3
_LONGEST = 8000
#: What may stand in path and query of a link as it is.
_SAFE = "%/:?@!$&'()*+,;=-._~[]"


class Further(Struct, frozen=True):
    """That a list goes on. `why` is for people; `path`, with its query, is where, at the
    service's own address, or nothing where that is not told."""

    why: str
    path: str = ""


Page = tuple[Listed[T], Further | None]


def further(value: Any, path: str, *, host: str = "", read: int | None = None) -> Further | None:
    """Whether the list in the answer `value` to a GET of `path` goes on.

    `host` is the service's own host and port, `read` how many entries the page has. None where
    nothing says that there is more.
    """
    said = list(_said(value))
    for name, spelled, told in said:
        if name in _LINKS and told not in (None, "", False):
            found = _link(told, path, host)
            return Further(f"it has further pages ({spelled})", found)
        if name in _TOKENS and told not in (None, "", False):
            found = _with_token(path, spelled, told)
            return Further(f"it has further pages ({spelled})", found)
    for name, spelled, told in said:
        if name in _FLAGS and _yes(told):
            return Further(f"it has more than it lists ({spelled})")
        if name in _COUNTS and read is not None and (_number(told) or 0) > read:
            return Further(f"it lists {read} of {_number(told)}")
    return None


def ends(value: Any) -> bool:
    """Whether an answer says that its list ends here: names for the next page, without one."""
    return any(name in _LINKS | _TOKENS | _FLAGS for name, _, _ in _said(value))


def cut_at(value: Any, read: int) -> str:
    """Why a list of `read` entries may have been cut though nothing says so; or nothing."""
    round_length = read in _ROUND or (read > 0 and read % 50 == 0)
    if round_length and not ends(value):
        return f"it has exactly {read} entries, which may be the first page of more"
    return ""


async def all_pages(
    path: str, read_page: Callable[[str], Awaitable[Page[T]]], key: Callable[[T], object]
) -> Listed[T]:
    """The entries of all pages, the first of them at `path`; `key` tells entries apart.

    Raises what `read_page` raises of the first page, and of others what may pass. A further page
    that is refused, cannot be read or brings nothing new leaves the list with a gap.
    """
    found: list[T] = []
    odd: list[str] = []
    known: set[object] = set()
    asked = {path}
    lost = idle = 0
    more, guessed = "", False
    while True:
        try:
            listed, then = await read_page(path)
        except (RejectedError, AnswerUnreadableError) as error:
            if len(asked) == 1:
                raise
            more = f"page {len(asked)} cannot be read: {error.message.rstrip('.')}"
            break
        new = [one for one in listed if key(one) not in known]
        known.update(map(key, new))
        found += new
        odd += listed.odd
        lost += listed.lost
        idle = 0 if new else idle + 1
        if then is None:
            if len(asked) == 1:
                more, guessed = listed.more, listed.guessed
            break
        if not then.path:
            more = then.why
            break
        if then.path in asked or idle >= _MOST_IDLE or len(asked) >= _MOST_PAGES:
            more = f"its pages do not end, as far as {len(asked)} were read"
            break
        path = then.path
        asked.add(path)
    return Listed(found, lost=lost, more=more, odd=odd, guessed=guessed)


def _said(value: Any) -> list[tuple[str, str, Any]]:
    """The fields about pages in an answer: name of letters and digits alone, as spelled, value."""
    if not isinstance(value, Mapping):
        return []
    said: list[tuple[str, str, Any]] = []
    for spelled, told in value.items():
        name = _plain(spelled)
        said.append((name, str(spelled), told))
        if name in _AROUND and isinstance(told, Mapping):
            said += [(_plain(inner), str(inner), part) for inner, part in told.items()]
    known = _LINKS | _TOKENS | _FLAGS | _COUNTS
    return [one for one in said if one[0] in known]


def _plain(name: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).casefold())


def _yes(told: Any) -> bool:
    if isinstance(told, str):
        return told.strip().casefold() in {"true", "yes", "1"}
    return told is True or (isinstance(told, int) and told == 1)


def _number(told: Any) -> int | None:
    if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) < 10:
        return int(told)
    return told if isinstance(told, int) and not isinstance(told, bool) else None


def _link(told: Any, path: str, host: str) -> str:
    """Path and query of the next page from a link to it; nothing where it leads elsewhere."""
    if isinstance(told, Mapping):
        told = next((part for name, part in told.items() if _plain(name) in {"href", "url"}), None)
    if not isinstance(told, str) or len(told) > _LONGEST:
        return ""
    try:
        parts = urlsplit(told.strip())
    except ValueError:
        return ""
    own_path, _, own_query = path.partition("?")
    query = quote(parts.query, safe=_SAFE)
    same_call = parts.path.rstrip("/").casefold().endswith(own_path.rpartition("/")[2].casefold())
    if query and (same_call or not parts.path):
        return f"{own_path}?{_joined(own_query, query)}"
    here = not parts.netloc or (bool(host) and parts.netloc.casefold() == host.casefold())
    if here and parts.path.startswith("/") and not parts.path.startswith("//") and not same_call:
        there = quote(parts.path, safe=_SAFE)
        return f"{there}?{query}" if query else there
    return ""


def _joined(own: str, linked: str) -> str:
    """The query of a link, with what the first page was asked for and the link leaves out."""
    named = {name.casefold() for name, _ in parse_qsl(linked, keep_blank_values=True)}
    left = [
        (name, told)
        for name, told in parse_qsl(own, keep_blank_values=True)
        if name.casefold() not in named
    ]
    return f"{urlencode(left)}&{linked}" if left else linked


def _with_token(path: str, spelled: str, told: Any) -> str:
    if isinstance(told, bool) or not isinstance(told, str | int) or len(str(told)) > _LONGEST:
        return ""
    name = re.sub(r"^(?:@?odata\.)?(?:next[_-]?)?", "", spelled, flags=re.I) or spelled
    name = name[:1].lower() + name[1:]
    own_path, _, own_query = path.partition("?")
    kept = [
        (key, part)
        for key, part in parse_qsl(own_query, keep_blank_values=True)
        if key.casefold() != name.casefold()
    ]
    return f"{own_path}?{urlencode([*kept, (name, str(told))], quote_via=quote)}"
