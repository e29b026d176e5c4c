"""Reading answers of which only property names are known: what is not there was not told.

Everything here says None where an answer is silent or of an unknown shape. A caller may show
None as "could not check", never as a yes or a no.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from siptui.domain.text import visible
from siptui.gateway.bulk_json import WireError, folded_keys, shown, text
from siptui.gateway.json_lists import Listed

T = TypeVar("T")
_WRAPPERS = ("value", "items", "data", "results")
#: Words of a working service plan: admin API and Graph `assignedPlans`, Graph `licenseDetails`.
_WORKING = frozenset({"enabled", "warning", "success"})
_IDLE = frozenset(
    {"suspended", "deleted", "lockedout", "disabled", "error", "pendinginput", "pendingactivation"}
    | {"pendingprovisioning"}
)


def record(value: Any, what: str) -> dict[str, Any]:
    """`value` with its names without case, where it is an object; `WireError` otherwise."""
    if not isinstance(value, dict):
        raise WireError(f"{what} is no object")
    return folded_keys(value)


def rows(value: Any, *names: str) -> Listed[dict[str, Any]]:
    """The objects of a list that is the answer itself or lies in it under one of `names`.

    What is no object is passed over and counted. Raises `WireError` where there is no such list.
    """
    if isinstance(value, dict):
        outer = folded_keys(value)
        found = next((outer[name] for name in (*names, *_WRAPPERS) if name in outer), None)
        if found is None:
            raise WireError(f"there is no list {(*names, *_WRAPPERS)[0]!r} in it")
        value = found
    if not isinstance(value, list):
        raise WireError("there is no list in it")
    return each(value, lambda entry: entry)


def each(
    entries: Iterable[Any], parse: Callable[[dict[str, Any]], T], *, lost: int = 0
) -> Listed[T]:
    """What `parse` makes of the entries; those that are no objects, or of which it raises
    `WireError`, are passed over and counted, `lost` before them included."""
    found: list[T] = []
    odd: list[str] = []
    for entry in entries:
        try:
            found.append(parse(record(entry, "an entry of the list")))
        except WireError as error:
            odd.append(f"{error}: {shown(entry)}")
    return Listed(found, lost=lost + len(odd), odd=odd)


def word(value: Any) -> str:
    """A text as it is shown; nothing for what is no scalar."""
    try:
        return text(value)
    except WireError:
        return ""


def truth(value: Any) -> bool | None:
    """A yes or no, also where it is spelled out; None for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().casefold())
    return None


def words(value: Any) -> frozenset[str] | None:
    """A list of texts, casefolded; None for anything else."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return None
    return frozenset(text(one).casefold() for one in value)


def plans(value: Any) -> frozenset[str] | None:
    """Ids and capabilities of the working service plans in `assignedPlan(s)` or `servicePlans`.

    None unless every entry says whether it works: half a list proves nothing either way.
    """
    if not isinstance(value, list):
        return None
    found: set[str] = set()
    for entry in value:
        if not isinstance(entry, dict):
            return None
        plan = folded_keys(entry)
        status = plan.get("capabilitystatus", plan.get("provisioningstatus"))
        state = status.strip().casefold() if isinstance(status, str) else ""
        if state not in _WORKING | _IDLE:
            return None
        if state in _WORKING:
            found.update(_plan_names(plan))
    return frozenset(found)


def _plan_names(plan: dict[str, Any]) -> Iterator[str]:
    for name in ("serviceplanid", "capability", "serviceplanname"):
        if isinstance(plan.get(name), str) and plan[name].strip():
            yield text(plan[name]).casefold()


def skip_token(link: str, name: str = "skiptoken") -> str:
    """The token of the next page, a parameter `name`, in a link to it, or the token itself.

    A link is never followed as it is: it would carry the sign-in to whatever host it names.
    """
    if not link or "?" not in link:
        return link
    try:
        pairs = parse_qsl(urlsplit(link).query)
    except ValueError:
        pairs = []
    found = {key.casefold().lstrip("$"): value for key, value in pairs}
    if not found.get(name):
        raise WireError(f"its link to the next page has no {name}")
    return found[name]


def first(found: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first of these fields that holds a text."""
    for name in names:
        if (value := found.get(name)) is not None and (said := word(value)):
            return said
    return ""


def further(found: Mapping[str, Any], names: Sequence[str]) -> str:
    """As `first`, for what leads to the next page: as it came, since that may look like a token."""
    texts = (found[name] for name in names if isinstance(found.get(name), str))
    return next((visible(text).strip() for text in texts if text.strip()), "")
