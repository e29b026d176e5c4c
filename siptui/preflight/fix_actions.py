"""Changes as a whole: one is sent, looked for or taken back, whatever its kind."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec

from siptui.domain.errors import SignInNeededError, SiptuiError
from siptui.gateway.errors import RejectedError, TokenRefusedError
from siptui.gateway.tenant_model import TeamsUser
from siptui.preflight.change_log import Change
from siptui.preflight.fix_kinds import ACCOUNT_FIXES, TENANT_FIXES, graph
from siptui.preflight.read import PER_ADMIN_CALL, Sources

_LOG = logging.getLogger("siptui.preflight")
#: Changes of an account; the others are of the tenant.
OF_ACCOUNTS = frozenset(ACCOUNT_FIXES)


async def write(sources: Sources, change: Change, user: TeamsUser | None) -> str:
    """Send the change, once; where its progress can be read, or nothing.

    Errors as the gateway's; `user` is the account of a change that has one.
    """
    if change.kind in OF_ACCOUNTS:
        return await ACCOUNT_FIXES[change.kind].write(sources, change, _known(user))
    await TENANT_FIXES[change.kind].write(sources, change)
    return ""


async def refused(sources: Sources, where: str) -> bool:
    """Whether the service itself says of what goes on at `where` that it failed."""
    word = ""
    with _no_answer():
        word = await graph(sources).number_progress(where)
    return word.casefold() == "failed"


async def take_back(sources: Sources, change: Change, user: TeamsUser | None) -> None:
    """Send what puts things back as they were before the change, once."""
    if change.kind in OF_ACCOUNTS:
        await ACCOUNT_FIXES[change.kind].take_back(sources, change, _known(user))
    else:
        await TENANT_FIXES[change.kind].take_back(sources, change)


def with_before(change: Change, user: TeamsUser) -> Change:
    """The change of an account with what the account has now as what it had before."""
    before = ACCOUNT_FIXES[change.kind].before(user)
    return change if before is None else msgspec.structs.replace(change, before=before)


async def stands(sources: Sources, change: Change, user: TeamsUser | None) -> bool:
    """Whether what the change gave is there now. Errors as the gateway's."""
    if change.kind in OF_ACCOUNTS:
        return user is not None and bool(ACCOUNT_FIXES[change.kind].stands(change, user))
    return await TENANT_FIXES[change.kind].stands(sources, change)


async def standing(sources: Sources, changes: Mapping[str, Change]) -> dict[str, bool | None]:
    """Which of these changes (by id) are there now; `None` where that could not be read.

    Accounts are read fifty a call. A read that fails is no answer; the sign-in alone is fatal.
    """
    found: dict[str, bool | None] = {}
    accounts = {fix: change for fix, change in changes.items() if change.kind in OF_ACCOUNTS}
    for fix, change in changes.items():
        if fix not in accounts:
            found[fix] = None
            with _no_answer():
                found[fix] = await TENANT_FIXES[change.kind].stands(sources, change)
    names = list({c.target.casefold(): c.target for c in accounts.values()}.values())
    for at in range(0, len(names), PER_ADMIN_CALL):
        part = names[at : at + PER_ADMIN_CALL]
        try:
            users = await sources.admin.users(part)
        except (SignInNeededError, TokenRefusedError):
            raise
        except RejectedError as error:
            _LOG.info("Reading back: %s", error.message)
            continue
        except SiptuiError as error:
            _LOG.info("Reading back: %s", error.message)
            break  # a service that does not answer now is not asked for the others in the same look
        known = {user.user_name.casefold(): user for user in users}
        for fix, change in accounts.items():
            if (user := known.get(change.target.casefold())) is not None:
                found[fix] = ACCOUNT_FIXES[change.kind].stands(change, user)
    return found


@contextmanager
def _no_answer() -> Iterator[None]:
    """Lets errors of a read pass, but for those of the sign-in."""
    try:
        yield
    except (SignInNeededError, TokenRefusedError):
        raise
    except SiptuiError as error:
        _LOG.info("Reading back: %s", error.message)


def _known(user: TeamsUser | None) -> TeamsUser:
    assert user is not None, "changes of accounts are sent for accounts that were read"
    return user
