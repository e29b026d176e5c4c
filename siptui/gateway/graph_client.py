"""`Directory` over Microsoft Graph: roles, accounts, per-user MFA, Conditional Access, numbers.

What is read of accounts goes by `$batch`, 20 requests to a call, which is Graph's limit. Where an
answer inside is throttled, all calls wait as long as its own `Retry-After` says, and only it is
asked again. Accounts of the directory are asked for by a filter, 15 in each of those requests.
"""

import contextlib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from siptui.gateway import graph_json, tenant_json
from siptui.gateway.bulk_json import WireError
from siptui.gateway.errors import AccessDeniedError, AnswerUnreadableError, RejectedError
from siptui.gateway.graph_json import Part
from siptui.gateway.http_client import Authorized, read
from siptui.gateway.http_errors import of_answer
from siptui.gateway.json_fields import each, first, record
from siptui.gateway.json_lists import Listed
from siptui.gateway.protocol import TokenSource
from siptui.gateway.tenant_client import quoted
from siptui.gateway.tenant_model import AccessPolicy, DirectoryUser, NumberType, RoleEnd, TeamsUser
from siptui.transport.http import Http
from siptui.transport.messages import Answer, Call
from siptui.transport.retry import OnWait
from siptui.transport.throttle import Throttle

T = TypeVar("T")
#: Requests in one `$batch`.
MOST_REQUESTS = 20
#: Names in a filter by `in` (Microsoft Learn, "Use the $filter query parameter"), and how long it
#: may become: a link has 2,048 characters in all.
_NAMES, _LENGTH = 15, 1500
#: Accounts of the directory in one call.
MOST_USERS = MOST_REQUESTS * _NAMES
_MOST_PAGES = 200
_TEAMS = "/admin/teams"
_NUMBERS = f"{_TEAMS}/telephoneNumberManagement/numberAssignments"
_USER_FIELDS = "id,userPrincipalName,accountEnabled,onPremisesSyncEnabled,assignedPlans"
_MFA_FIELD = "perUserMfaState"
_NAME_FIELDS = "$select=id,userPrincipalName"
#: Stands for the answer to a request that a `$batch` left out; nothing can be read of it.
_NO_ANSWER = Part(0)


def _needs(permission: str, roles: str = "") -> str:
    role = f" and a role such as {roles}" if roles else ""
    return f"This read of Graph needs the permission {permission}{role}."


_READS_USERS = _needs("User.Read.All")
_READS_NAMES = _needs("User.ReadBasic.All")
_READS_TEAMS = _needs("TeamsUserConfiguration.Read.All", "Teams Administrator or Global Reader")
_READS_ROLES = _needs("RoleManagement.Read.Directory")
_READS_ACTIVATIONS = _needs("RoleAssignmentSchedule.Read.Directory", "Global Reader")
_READS_POLICIES = _needs("Policy.Read.All", "Global Reader or Conditional Access Administrator")
_READS_MFA = _needs("Policy.Read.All", "Global Reader or Authentication Policy Administrator")
_WRITES_NUMBERS = (
    "Assigning numbers through Graph needs the permission TeamsTelephoneNumber.ReadWrite.All and "
    "the role Teams Administrator or Teams Telephony Administrator."
)


class DirectoryClient(Authorized):
    """`Directory` over HTTP."""

    def __init__(
        self,
        http: Http,
        graph: str,
        tokens: TokenSource,
        *,
        on_wait: OnWait | None = None,
        throttle: Throttle | None = None,
    ) -> None:
        super().__init__(http, graph, tokens, setting="graph", on_wait=on_wait, throttle=throttle)
        self._mfa_listed = True

    async def own_roles(self) -> frozenset[str]:
        """Template ids of the roles held now, casefolded; eligible ones (PIM) are not in it."""
        fields = urlencode({"$select": "displayName,roleTemplateId"})
        path = f"/v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole?{fields}"
        return graph_json.role_ids(await self._list(path, _READS_ROLES))

    async def role_end(self) -> RoleEnd | None:
        """When the operator's last role for bulk sign-in ends; None where one lasts."""
        held = "roleManagement/directory/roleAssignmentScheduleInstances"
        path = f"/v1.0/{held}/filterByCurrentUser(on='principal')"
        return graph_json.role_end(await self._list(path, _READS_ACTIVATIONS))

    async def teams_users(self, user_names: Sequence[str]) -> Listed[TeamsUser]:
        """Those of 1 to 20 accounts that Graph's Teams administration knows; with a gap where it
        may know others."""
        paths = [
            f"{_TEAMS}/userConfigurations?"
            + urlencode({"$filter": f"userPrincipalName eq '{quoted(name)}'"}, quote_via=quote)
            for name in user_names
        ]
        wanted = {name.casefold() for name in user_names}
        found: dict[str, TeamsUser] = {}
        gaps: list[str] = []
        for part in await self._batch("v1.0", paths, _READS_TEAMS):
            for user in _listed(part, tenant_json.user, gaps):
                if user.user_name.casefold() in wanted:
                    found.setdefault(user.user_name.casefold(), user)
        return Listed(found.values(), more=_gap(gaps, wanted - found.keys()))

    async def users(self, user_names: Sequence[str]) -> Listed[DirectoryUser]:
        """Those of 1 to 300 accounts that exist; with `mfa` where the service tells it here, and
        with a gap where others may exist.

        That the state of MFA can be had in a list is not documented, but public scripts read it
        so; where it is refused, the accounts are asked for without it.
        """
        if not 1 <= len(user_names) <= MOST_USERS:
            raise ValueError(f"1 to {MOST_USERS} accounts at once, not {len(user_names)}")
        if not self._mfa_listed:
            return await self._users("v1.0", user_names, _USER_FIELDS)
        try:
            return await self._users("beta", user_names, f"{_USER_FIELDS},{_MFA_FIELD}")
        except (AccessDeniedError, RejectedError):
            found = await self._users("v1.0", user_names, _USER_FIELDS)
            self._mfa_listed = False
            return found

    async def _users(
        self, version: str, user_names: Sequence[str], fields: str
    ) -> Listed[DirectoryUser]:
        """By filters; whom those leave out, one by one, for a filter passes over what it may not
        look at."""
        paths = [_users_by(names, fields) for names in _some(user_names)]
        wanted = {name.casefold(): name for name in user_names}
        found: dict[str, DirectoryUser] = {}
        for at in range(0, len(paths), MOST_REQUESTS):
            for part in await self._batch(version, paths[at : at + MOST_REQUESTS], _READS_USERS):
                for user in _listed(part, graph_json.directory_user, []):  # the rest are asked for
                    if user.user_name.casefold() in wanted:
                        found.setdefault(user.user_name.casefold(), user)
        left = [name for key, name in wanted.items() if key not in found]
        select = urlencode({"$select": fields}, safe=",$")
        paths = [f"/users/{quote(name, safe='')}?{select}" for name in left]
        gaps: list[str] = []
        for at in range(0, len(paths), MOST_REQUESTS):
            some = await self._batch(version, paths[at : at + MOST_REQUESTS], _READS_USERS)
            for part in filter(None, some):
                try:
                    user = _parsed(part, graph_json.directory_user)
                except AnswerUnreadableError as error:
                    gaps.append(error.message)
                else:
                    found.setdefault(user.user_name.casefold(), user)
        return Listed(found.values(), more=_gap(gaps, wanted.keys() - found.keys()))

    async def mfa_states(self, object_ids: Sequence[str]) -> dict[str, str]:
        """Per-user MFA of 1 to 20 accounts; those of which nothing is told are left out."""
        paths = [f"/users/{quote(one, safe='')}/authentication/requirements" for one in object_ids]
        found: dict[str, str] = {}
        for object_id, part in zip(
            object_ids, await self._batch("beta", paths, _READS_MFA), strict=True
        ):
            with contextlib.suppress(AnswerUnreadableError):
                state = part and _parsed(part, lambda value: graph_json.mfa(record(value, "it")))
                if state:
                    found[object_id] = state
        return found

    async def names(self, object_ids: Sequence[str]) -> dict[str, str]:
        """See `NamesById`; one call."""
        paths = [f"/users/{quote(one, safe='')}?{_NAME_FIELDS}" for one in object_ids]
        found: dict[str, str] = {}
        for part in filter(None, await self._batch("v1.0", paths, _READS_NAMES)):
            with contextlib.suppress(AnswerUnreadableError):
                user = _parsed(part, graph_json.directory_user)
                found[user.object_id.casefold()] = user.user_name
        return found

    async def administrators(self) -> frozenset[str]:
        """Object ids, casefolded, of all users and groups with a directory role."""
        fields = urlencode({"$select": "principalId,roleDefinitionId"})
        path = f"/v1.0/roleManagement/directory/roleAssignments?{fields}"
        return graph_json.principals(await self._list(path, _READS_ROLES))

    async def access_policies(self) -> tuple[AccessPolicy, ...]:
        """The Conditional Access policies."""
        found = await self._list("/v1.0/identity/conditionalAccess/policies", _READS_POLICIES)
        return graph_json.access_policies(found)

    async def security_defaults(self) -> bool:
        """Whether security defaults are on."""
        path = "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy"
        return await self._get(path, graph_json.security_defaults, _READS_POLICIES)

    async def assign_number(self, user: TeamsUser, number: str, kind: NumberType) -> str:
        """Have a number assigned; returns where its progress can be read, or nothing. Sent once."""
        return await self._number("assignNumber", user, number, kind)

    async def unassign_number(self, user: TeamsUser, number: str, kind: NumberType) -> None:
        """Take a number away again. Sent once."""
        await self._number("unassignNumber", user, number, kind)

    async def number_progress(self, where: str) -> str:
        """What the operation at `where` (of `assign_number`) has come to, in the service's word.

        Graph's long-running operations say `notStarted`, `running`, `succeeded`, `failed`.
        """
        path = _own_path(where)
        if not path:
            raise AnswerUnreadableError("Graph did not say where the operation can be read.")
        return await self._get(
            path, lambda value: first(record(value, "it"), ("status",)), _WRITES_NUMBERS
        )

    async def _number(self, act: str, user: TeamsUser, number: str, kind: NumberType) -> str:
        word = kind.value[:1].lower() + kind.value[1:]  # Graph spells its words with a small letter
        fields = {"telephoneNumber": number, "numberType": word}
        if act == "assignNumber":
            fields["assignmentTargetId"] = user.object_id
        path, body = f"/v1.0{_NUMBERS}/{act}", json.dumps(fields).encode()
        answer, _ = await self.let_in(
            lambda: self.authorized(Call.SUBMIT, "POST", path, body=body, needs=_WRITES_NUMBERS)
        )
        return answer.headers.get("location", "")

    async def _get(self, path: str, parse: Callable[[Any], T], needs: str) -> T:
        async def once() -> T:
            answer, correlation_id = await self.authorized(Call.READ, "GET", path, needs=needs)
            return read(answer, correlation_id, parse)

        return await self.retried(once)

    async def _list(self, path: str, needs: str) -> Listed[dict[str, Any]]:
        """Every row of a list, page by page. A list that never ends is none."""
        found: list[dict[str, Any]] = []
        odd: list[str] = []
        asked: set[str] = set()
        lost = 0
        while path not in asked and len(asked) < _MOST_PAGES:
            asked.add(path)
            listed, link = await self._get(path, graph_json.page, needs)
            found += listed
            odd += listed.odd
            lost += listed.lost
            path = _own_path(link)
            if not path:
                more = listed.more or ("its next page is not told of" if link else "")
                return Listed(found, lost=lost, odd=odd, more=more)
        raise AnswerUnreadableError(f"The list does not end, as far as {len(asked)} pages go.")

    async def _batch(self, version: str, paths: Sequence[str], needs: str) -> list[Part | None]:
        """The answers to these GETs in their order; None for what is not there (404)."""
        if not 1 <= len(paths) <= MOST_REQUESTS:
            raise ValueError(f"1 to {MOST_REQUESTS} requests at once, not {len(paths)}")
        done: dict[str, Part | None] = {}
        asked = {str(place): path for place, path in enumerate(paths)}

        async def once() -> None:
            left = [
                {"id": key, "method": "GET", "url": path}
                for key, path in asked.items()
                if key not in done
            ]
            body = json.dumps({"requests": left}).encode()
            answer, correlation_id = await self.authorized(
                Call.READ, "POST", f"/{version}/$batch", body=body, needs=needs
            )
            found = read(answer, correlation_id, graph_json.parts)
            errors = []
            for one in left:
                part = found.get(one["id"])
                if part is None:
                    message = "Graph left one of the requests without an answer."
                    raise AnswerUnreadableError(message, correlation_id=correlation_id)
                if part.status == 404:
                    done[one["id"]] = None
                elif 200 <= part.status < 300:
                    done[one["id"]] = part
                else:
                    alone = _alone(part, answer)
                    self.heed(alone)
                    errors.append(of_answer(alone, correlation_id, needs=needs))
            if errors:
                # What can never pass is told before what may; of waits, the longest is kept.
                raise max(errors, key=lambda e: (not e.passing, e.retry_after or 0))

        try:
            await self.retried(once)
        except AnswerUnreadableError:
            if not done:
                raise
        # What was left out again and again cannot be read; the others can.
        return [done.get(key, _NO_ANSWER) for key in asked]


def _listed(part: Part | None, parse: Callable[[Any], T], gaps: list[str]) -> Listed[T]:
    """The rows of one answer of a `$batch`; what of them is missing goes to `gaps`."""
    if part is None:
        return Listed()
    try:
        rows, link = _parsed(part, graph_json.page)
    except AnswerUnreadableError as error:
        gaps.append(error.message)
        return Listed()
    found = each(rows, parse, lost=rows.lost)
    further = "it has further pages" if link else rows.more
    if gap := Listed[T](lost=found.lost, more=further).gap:
        gaps.append(gap)
    return found


def _gap(gaps: Sequence[str], missing: Collection[str]) -> str:
    """What a list of accounts may lack; nothing where all that were asked for are in it."""
    return "; ".join(dict.fromkeys(gaps)) if missing else ""


def _users_by(names: Sequence[str], fields: str) -> str:
    listed = ",".join(f"'{quoted(name)}'" for name in names)
    asked = {"$filter": f"userPrincipalName in ({listed})", "$select": fields}
    return f"/users?{urlencode(asked, safe=',$', quote_via=quote)}"


def _some(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """`names` in parts that a filter takes."""
    part: list[str] = []
    length = 0
    for name in names:
        cost = len(quote(quoted(name), safe="")) + 7  # two quotes and a comma
        if part and (len(part) == _NAMES or length + cost > _LENGTH):
            yield part
            part, length = [], 0
        part.append(name)
        length += cost
    if part:
        yield part


def _alone(part: Part, whole: Answer) -> Answer:
    """One answer of a `$batch`, as it would be alone."""
    body = b"" if part.body is None else json.dumps(part.body).encode()
    headers = {"date": whole.headers.get("date", ""), **part.headers}
    return Answer(part.status, headers, body)


def _parsed(part: Part, parse: Callable[[Any], T]) -> T:
    """What `parse` makes of one answer of a `$batch`."""
    try:
        return parse(part.body)
    except WireError as error:
        raise AnswerUnreadableError(f"The answer cannot be read: {error}.") from error


def _own_path(link: str) -> str:
    """Path and query of a link of Graph's; its host is left out, the token goes to ours alone."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return path if path.startswith("/") else ""
