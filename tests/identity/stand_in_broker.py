"""A stand-in for pymsalruntime, by its interface file (PyMsalRuntime.pyi of 0.20), over the
emulated authority. All of msal, its `broker` module included, is the real one.

What is not in that file is what msal's `broker` module uses (`CallbackData`), and what is told of
the broker: it has a cache of its own, which it looks past where it is given claims.
"""

import importlib
import importlib.machinery
import sys
import threading
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest

from siptui.emulator.entra.grants import EntraState
from siptui.emulator.entra.tokens import EntraUser, client_info
from siptui.host.desktop import Desktop
from tests.support.replace import replace

CONSOLE, DESKTOP = 4711, 4712
_STATUSES = (
    *(
        "Unexpected",
        "Reserved",
        "InteractionRequired",
        "NoNetwork",
        "NetworkTemporarilyUnavailable",
    ),
    *("ServerTemporarilyUnavailable", "ApiContractViolation", "UserCanceled"),
    *("ApplicationCanceled", "IncorrectConfiguration", "InsufficientBuffer", "AuthorityUntrusted"),
    *("UserSwitch", "AccountUnusable", "UserDataRemovalRequired", "KeyNotFound"),
    *("AccountNotFound", "TransientError", "AccountSwitch", "RequiredBrokerMissing"),
    *("DeviceNotRegistered", "FallbackToNativeMsal"),
)
Status = Enum("Response_Status", [(f"Status_{name}", n) for n, name in enumerate(_STATUSES)])  # type: ignore[misc] # computed
LogLevel = Enum("LogLevel", "TRACE DEBUG INFO WARNING ERROR FATAL")


@dataclass(frozen=True)
class _Error:
    status: Any
    context: str

    def get_status(self) -> Any:
        return self.status

    def get_error_code(self) -> int:
        return 3399614473

    def get_tag(self) -> int:
        return 557973642

    def get_context(self) -> str:
        return self.context


@dataclass(frozen=True)
class _Account:
    user: EntraUser
    home_tenant: str = ""

    def get_account_id(self) -> str:
        return self.user.oid

    def get_client_info(self) -> str:
        return client_info(replace(self.user, tenant=self.home_tenant or self.user.tenant))


@dataclass
class _Parameters:
    """MSALRuntimeAuthParameters: what was asked for."""

    client_id: str
    authority: str
    scopes: list[str] = field(default_factory=list)
    redirect_uri: str = ""
    claims: str = ""
    more: dict[str, str] = field(default_factory=dict)

    def set_requested_scopes(self, scopes: list[str]) -> None:
        self.scopes = scopes

    def set_redirect_uri(self, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri

    def set_decoded_claims(self, claims: str) -> None:
        self.claims = claims

    def set_additional_parameter(self, key: str, value: str) -> None:
        self.more[key] = value


@dataclass(frozen=True)
class _Result:
    error: _Error | None = None
    account: _Account | None = None
    token: str = ""
    id_token: str = ""
    id_claims: str = ""
    expires_at: int = 0
    scopes: tuple[str, ...] = ()

    def get_error(self) -> _Error | None:
        return self.error

    def get_account(self) -> _Account | None:
        return self.account

    def get_access_token(self) -> str:
        return self.token

    def get_raw_id_token(self) -> str:
        return self.id_token

    def get_id_token(self) -> str:
        return self.id_claims

    def get_access_token_expiry_time(self) -> int:
        return self.expires_at

    def get_granted_scopes(self) -> list[str]:
        return list(self.scopes)

    def is_pop_authorization(self) -> bool:
        return False

    def get_telemetry_data(self) -> dict[str, str]:
        return {"wam_telemetry": "account_id", "is_successful": "true"}


class _CallbackData:
    def __init__(self, is_interactive: bool = False) -> None:
        self.signal = threading.Event()
        self.result: Any = None

    def complete(self, result: Any) -> None:
        self.result = result
        self.signal.set()


class Broker:
    """The broker: the accounts that it has, and what it is to answer.

    `chosen` is who is chosen in its window, `answers` the account of silent answers where it is
    another, `home_tenant` that of a guest. `failing` is what each call ends with, `raising` what it
    raises instead. `window` is set where it may be closed.
    """

    def __init__(self, state: EntraState) -> None:
        self.state = state
        self.chosen = state.users[0]
        self.answers: EntraUser | None = None
        self.home_tenant = ""
        self.accounts: dict[str, EntraUser] = {}
        self.failing: _Error | None = None
        self.raising = ""
        self.asked: list[tuple[str, Any]] = []
        self.window = threading.Event()
        self.window.set()
        self.opened = threading.Event()
        self._cache: dict[tuple[str, str], _Result] = {}

    def fail(self, status: str, context: str = "(pii)") -> None:
        """Refuse from here on."""
        self.failing = _Error(Status[f"Status_{status}"], context)

    def calls(self, name: str) -> list[Any]:
        """With what each call of that name was made."""
        return [given for called, given in self.asked if called == name]

    def expire(self) -> None:
        """What the broker has is old."""
        self._cache.clear()

    def module(self) -> types.ModuleType:
        """As `import pymsalruntime` gives it."""
        made = types.ModuleType("pymsalruntime")
        made.__spec__ = importlib.machinery.ModuleSpec("pymsalruntime", None)
        made.__dict__.update(
            Response_Status=Status,
            LogLevel=LogLevel,
            CallbackData=_CallbackData,
            MSALRuntimeAuthParameters=_Parameters,
            register_logging_callback=lambda callback: None,
            get_console_window=lambda: CONSOLE,
            get_desktop_window=lambda: DESKTOP,
            read_account_by_id=self._read,
            signin_interactively=self._interactively,
            acquire_token_silently=self._silently,
            signout_silently=self._sign_out,
        )
        return made

    def _read(self, account_id: str, correlation: str, callback: Callable[[_Result], None]) -> None:
        if self.raising:
            raise RuntimeError(self.raising)
        user = self.accounts.get(account_id)
        callback(_Result(account=_Account(user) if user else None))

    def _interactively(
        self,
        window: int,
        asked: _Parameters,
        correlation: str,
        hint: str | None,
        callback: Callable[[_Result], None],
    ) -> None:
        if self.raising:
            raise RuntimeError(self.raising)
        self.asked.append(("window", (window, asked)))
        self.opened.set()

        def shown() -> None:
            self.window.wait(20)
            if self.failing is None:
                self.accounts[self.chosen.oid] = self.chosen
            callback(self._granted(asked, self.chosen))

        threading.Thread(target=shown, daemon=True).start()

    def _silently(
        self,
        asked: _Parameters,
        correlation: str,
        account: _Account,
        callback: Callable[[_Result], None],
    ) -> None:
        self.asked.append(("silent", asked))
        callback(self._granted(asked, self.answers or account.user))

    def _sign_out(
        self, client: str, correlation: str, account: _Account, callback: Callable[[_Result], None]
    ) -> None:
        self.asked.append(("sign_out", (client, account.user.upn)))
        self.accounts.pop(account.user.oid, None)
        callback(_Result())

    def _granted(self, asked: _Parameters, user: EntraUser) -> _Result:
        if self.failing is not None:
            return _Result(error=self.failing)
        key = (user.oid, asked.scopes[0])
        if not asked.claims and (known := self._cache.get(key)):
            return known
        issuer, base = self.state.issuer, asked.authority.rpartition("/")[0]
        resource = asked.scopes[0].removesuffix("/.default")
        id_token = issuer.id_token(user, asked.client_id, "", base)
        self._cache[key] = _Result(
            account=_Account(user, self.home_tenant),
            token=issuer.access_token(user, asked.client_id, resource, base),
            id_token=id_token,
            id_claims=_claims(id_token),
            expires_at=int(issuer.clock()) + issuer.lifetime,
            scopes=(f"{resource}/user_impersonation",),
        )
        return self._cache[key]


def _claims(token: str) -> str:
    import base64

    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


def install(monkeypatch: pytest.MonkeyPatch, broker: Broker) -> None:
    """A desktop of Windows with `broker`, as far as msal and siptui ask for it."""
    import msal
    import msal.application

    monkeypatch.setitem(sys.modules, "pymsalruntime", broker.module())
    # msal's own part is loaded anew over it, and taken out afterwards.
    monkeypatch.setitem(sys.modules, "msal.broker", broker.module())
    monkeypatch.setattr(msal, "broker", None, raising=False)
    del sys.modules["msal.broker"]
    importlib.import_module("msal.broker")
    if sys.platform != "win32":
        windows = types.SimpleNamespace(platform="win32")
        monkeypatch.setattr(msal.application, "sys", windows)
    monkeypatch.setattr("siptui.identity.broker_place.desktop", lambda: Desktop.HERE)
