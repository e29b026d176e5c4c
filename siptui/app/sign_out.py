"""Signing out of a profile: its tokens, and what the system's broker keeps of its account."""

from collections.abc import Iterator

from msgspec import Struct

from siptui.app.session import Selected
from siptui.domain.errors import SiptuiError
from siptui.host.locks import HeldError
from siptui.identity.broker import sign_out_of_broker
from siptui.identity.broker_place import has_broker
from siptui.identity.msal_client import HttpFactory, default_http
from siptui.identity.store import FileStore, StoreKind, TokenStore, existing_store
from siptui.identity.token_cache import Tokens, unpacked
from siptui.identity.token_source import registration_of


class SignedOut(Struct, frozen=True):
    """Whether someone was signed in, and whether the broker forgot the account for this client
    (none where it was no sign-in of the broker). `note` says why it did not."""

    found: bool
    broker_forgot: bool | None = None
    note: str = ""


def sign_out(selected: Selected, http: HttpFactory = default_http) -> SignedOut:
    """Remove the tokens of `selected`'s profile. Blocks.

    An account of the broker goes only where no other profile is signed in by it: the broker keeps
    it for a client, not for a profile. Raises what the store raises.
    """
    found = existing_store(selected.store_folder)
    store = found or FileStore(selected.store_folder, StoreKind.FILE)
    with store.locked():
        tokens = _read(found) if found and has_broker() else None
        store.forget()
    if tokens is None or not tokens.by_broker:
        return SignedOut(found is not None)
    if others := sorted(_others(selected, tokens)):
        return SignedOut(
            True,
            False,
            f"The broker of Windows keeps the account: {', '.join(others)} "
            f"{'are' if len(others) > 1 else 'is'} signed in by it, too.",
        )
    try:
        sign_out_of_broker(registration_of(selected.profile), http, tokens)
    except SiptuiError as error:
        return SignedOut(
            True,
            False,
            f"The broker of Windows was not told: {error.message} It may give tokens of the "
            "account to siptui again, after a sign-in with --method broker.",
        )
    return SignedOut(True, True)


def _others(selected: Selected, tokens: Tokens) -> Iterator[str]:
    """The other profiles that the broker signs in with the same account and client."""
    for name in selected.settings.profiles:
        if name == selected.profile.name:
            continue
        store = existing_store(selected.settings.folders.profile(name))
        other = _read(store) if store else None
        if other is None or not other.by_broker or other.client_id != tokens.client_id:
            continue
        if other.home_accounts & tokens.home_accounts:
            yield name


def _read(store: TokenStore) -> Tokens | None:
    try:
        content = store.read()
    except (SiptuiError, HeldError):
        return None
    return unpacked(content) if content is not None else None
