"""From a profile to what signs in to it: the one place where both are known."""

from collections.abc import Callable, Mapping
from pathlib import Path

from siptui.identity.environment import EnvironmentToken, environment_token
from siptui.identity.msal_client import HttpFactory, default_http
from siptui.identity.registration import Registration
from siptui.identity.store import TokenStore, existing_store
from siptui.identity.stored_tokens import StoredTokens
from siptui.settings.model import Profile

Tokens = EnvironmentToken | StoredTokens


def registration_of(profile: Profile) -> Registration:
    """`profile` as its authority sees it."""
    return Registration(profile.cloud.authority, profile.tenant, profile.client_id)


def tokens_of(
    profile: Profile,
    folder: Path,
    *,
    store: TokenStore | None = None,
    environ: Mapping[str, str] | None = None,
    http: HttpFactory = default_http,
) -> Tokens:
    """The token source of `profile`, whose state is in `folder`; touches neither disk nor network.

    A token of the environment wins over the store. `store` is for tokens that are kept in the
    memory of this process; else whatever lies in `folder` is looked up when it is needed.
    """
    registration = registration_of(profile)
    if (given := environment_token(registration, environ)) is not None:
        return given
    find: Callable[[], TokenStore | None] = (
        (lambda: store) if store is not None else (lambda: existing_store(folder))
    )
    return StoredTokens(registration, find, http=http)
