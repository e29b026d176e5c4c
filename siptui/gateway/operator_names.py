"""The names of those who submitted batches: the service tells their object ids alone."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from siptui.domain.errors import SignInNeededError
from siptui.domain.guid import is_guid
from siptui.gateway.errors import AccessDeniedError, GatewayError, TokenRefusedError

#: Ids that are asked for at once, in one call; those of more people stay as they are.
MOST_NAMES = 20
#: Seconds that names are worth waiting for.
_PATIENCE = 10.0
#: After one of these the directory is left alone: asking again gives the same answer.
_FINAL = (AccessDeniedError, SignInNeededError, TokenRefusedError)


class NamesById(Protocol):
    """What is asked for the names: Microsoft Graph."""

    async def names(self, object_ids: Sequence[str]) -> Mapping[str, str]:
        """The user names of 1 to 20 accounts by object id, casefolded; without those that are
        not there. Raises `GatewayError`, `SignInNeededError`."""
        ...


class OperatorNames:
    """User names by object id, of one tenant, kept as long as the process lasts."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._asked: set[str] = set()
        self._refused = False

    def of(self, user_id: str) -> str:
        """The name where it is known, else what the service told."""
        return self._known.get(user_id.casefold(), user_id)

    def name(self, user_id: str) -> str:
        """The name where it is known, or the service told it itself; else nothing."""
        found = self.of(user_id)
        return "" if is_guid(found) else found

    def unknown(self, user_ids: Iterable[str]) -> list[str]:
        """Those of the ids that are to be asked for, as they came."""
        if self._refused:
            return []
        wanted = dict.fromkeys(one.casefold() for one in user_ids if is_guid(one))
        return [one for one in wanted if one not in self._asked][:MOST_NAMES]

    async def look_up(self, user_ids: Iterable[str], directory: NamesById | None) -> str:
        """Ask once for those that were not asked for yet. Why there are no names, the first time
        that it is so, or nothing."""
        wanted = self.unknown(user_ids)
        if not wanted:
            return ""
        if directory is None:
            self._refused = True
            return "Names are not looked up: the profile's cloud has no address of Microsoft Graph."
        try:
            async with asyncio.timeout(_PATIENCE):
                self._known.update(await directory.names(wanted))
        except TimeoutError:
            return f"Names cannot be read: Microsoft Graph asks to wait more than {_PATIENCE:g} s."
        except (GatewayError, SignInNeededError) as error:
            self._refused = isinstance(error, _FINAL)
            return f"Names cannot be read: {error.message}"
        self._asked.update(wanted)
        return ""
