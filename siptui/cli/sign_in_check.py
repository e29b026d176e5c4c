"""`auth status --check`: whether the sign-in of a profile still gives a token, asked for now."""

import asyncio
import json
from datetime import datetime

import click
from msgspec import Struct

from siptui.app.invocation import Invocation
from siptui.app.role_end import read_role_end
from siptui.app.session import Selected, select_for, start_log, token_source
from siptui.app.watchers import watching
from siptui.cli.profile_hint import for_profile
from siptui.domain.errors import ExitCode, SignInNeededError, SiptuiError, UsageError
from siptui.domain.text import visible
from siptui.domain.times import minute, zone
from siptui.gateway.http_errors import ROLES
from siptui.gateway.tenant_model import RoleEnd
from siptui.identity.account import Account, account_of

#: Seconds for all of it: a connection may take ten.
_LIMIT = 15.0


class Checked(Struct, frozen=True):
    """What came of it: whose token it is and where it is from, or why there is none."""

    profile: str | None
    account: Account | None = None
    source: str | None = None
    role_end: RoleEnd | None = None
    error: SiptuiError | None = None


def check_sign_in(call: Invocation) -> int:
    """Ask for a token without a person, and print one line.

    A kept sign-in is renewed at the authority, even while its present token is good: a sign-in
    that was revoked shows here, not in the night, and so does a role that has ended. 0 if there is
    a token that a submit is not refused with, as far as it says, else 4, also where the authority
    is not reached. Raises `UsageError` for a configuration that cannot be used.
    """
    found = _checked(call)
    if call.as_json:
        click.echo(json.dumps(_record(found, call.profile), ensure_ascii=False))
    else:
        click.echo(_sentence(found, call.profile))
    return ExitCode.SIGN_IN if found.error else ExitCode.OK


def _checked(call: Invocation) -> Checked:
    name = call.profile
    try:
        selected = select_for(call)
        name = selected.profile.name
        account, source = asyncio.run(_asked(selected, call))
        if account.may_bulk_sign_in is False:
            return Checked(name, account, source, error=_no_role())
        role_end = read_role_end(selected)
    except UsageError:
        raise
    except SiptuiError as error:
        return Checked(name, error=error)
    except TimeoutError:
        late = SignInNeededError(
            f"There was no token within {_LIMIT:g} s.",
            remedy="Try the connection step by step: `siptui doctor`.",
            code="timeout",
        )
        return Checked(name, error=late)
    return Checked(name, account, source, role_end)


def _no_role() -> SiptuiError:
    return SiptuiError(
        "Its roles may not bulk sign in: a submit would be refused.",
        title="Access denied",
        remedy=f"Bulk sign-in needs the role {ROLES}; an eligible one must be activated (PIM).",
        code="access_denied",
    )


async def _asked(selected: Selected, call: Invocation) -> tuple[Account, str]:
    start_log(selected.settings, call.log_level)
    with watching(call.record) as watchers:
        tokens, source = token_source(selected, watchers)
        async with asyncio.timeout(_LIMIT):
            return account_of(await tokens.token(refresh=True)), source


def _record(found: Checked, profile: str | None) -> dict[str, object]:
    account, error = found.account, found.error
    until, role = account.expires_at if account else None, found.role_end
    return {
        "profile": found.profile,
        "token": account is not None,
        "account": account.user or None if account else None,
        "tenant": account.tenant or None if account else None,
        "may_bulk_sign_in": account.may_bulk_sign_in if account else None,
        "expires_at": _written(until) if until else None,
        "role_ends": {"role": role.role, "at": _written(role.at)} if role else None,
        "source": found.source,
        "error": None
        if error is None
        else {
            "code": error.code,
            "message": error.message,
            "next": for_profile(error.remedy, profile),
        },
    }


def _written(when: datetime) -> str:
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")


def _sentence(found: Checked, profile: str | None) -> str:
    name = visible(found.profile or "-")
    told = ""
    if found.error is not None:
        told = f"{found.error.message} {for_profile(found.error.remedy, profile)}"
        told = " ".join(told.split())
    account = found.account
    if told and account is None:
        return f"Profile {name}: no token. {told}"
    who = (
        f"{account.user}, tenant {account.tenant}"
        if account and account.user
        else "an account that it does not name"
    )
    until = ""
    if account and account.expires_at:
        until = f", until {minute(account.expires_at)} {zone(account.expires_at)}"
    roles = f" {told}" if told else ""
    if role := found.role_end:
        roles = f" Its role {role.role} ends {minute(role.at)} {zone(role.at)}."
    return f"Profile {name}: token for {who} ({found.source}){until}.{roles}"
