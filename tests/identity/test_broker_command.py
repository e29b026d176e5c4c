"""`siptui auth` by the broker of Windows: msal's own code, over a stand-in for its runtime."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from siptui.cli.group import cli
from siptui.emulator.entra.app import CONTOSO
from siptui.emulator.entra.tokens import TEAMS_MODULE
from siptui.host.desktop import Desktop
from tests.identity.conftest import Authority
from tests.identity.stand_in_broker import Broker, install
from tests.identity.test_auth_command import here, profile

__all__ = ["profile"]  # a fixture
_LOGIN = ("auth", "login", "--method", "broker", "--store", "file")


@pytest.fixture
def broker(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Broker:
    made = Broker(authority.state)
    install(monkeypatch, made)
    return made


def said(*args: str) -> tuple[int, list[dict[str, Any]]]:
    done = CliRunner().invoke(cli, args)
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]


def test_login_status_logout(authority: Authority, profile: Path, broker: Broker) -> None:
    code, (first, second) = said(*_LOGIN, "--json")
    assert code == 0
    assert first == {"window": "broker"}
    assert second["account"] == "operator@contoso.com"
    assert second["store"] == "file"
    code, (status,) = said("auth", "status", "--json")
    assert (code, status["signed_in"], status["account"]) == (0, True, "operator@contoso.com")
    assert status["by_broker"] is True
    assert "renewed by the broker of Windows" in here("auth", "status")[1]
    code, (checked,) = said("auth", "status", "--check", "--json")
    assert (code, checked["token"]) == (0, True)
    assert broker.calls("silent")
    code, (out,) = said("auth", "logout", "--json")
    assert (code, out["signed_out"], out["broker_forgot"]) == (0, True, True)
    assert broker.calls("sign_out") == [(TEAMS_MODULE, "operator@contoso.com")]
    assert not list(profile.glob("tokens.json"))
    assert said("auth", "logout", "--json")[1][0]["broker_forgot"] is None


def test_an_account_of_two_profiles_is_kept_until_the_last_signs_out(
    authority: Authority, profile: Path, broker: Broker
) -> None:
    config = profile.parent.parent / "config" / "config.toml"
    config.write_text(
        f'default_profile = "contoso"\n{config.read_text()}'
        f'[profiles.second]\ntenant = "{CONTOSO}"\ncloud = "lab"\n'
    )
    for name in ("contoso", "second"):
        code, told = here(*_LOGIN, "--profile", name)
        assert code == 0, told
        assert "Windows asks in a window of its own" in told
    code, told = here("auth", "logout")
    assert code == 0
    assert "keeps the account: second is signed in by it, too" in told
    assert broker.accounts
    assert here("profiles", "remove", "second", "--force")[0] == 0
    assert not broker.accounts


def test_tokens_go_although_the_broker_cannot_be_told(
    authority: Authority, profile: Path, broker: Broker
) -> None:
    assert said(*_LOGIN, "--json")[0] == 0
    config = profile.parent.parent / "config" / "config.toml"
    config.write_text(config.read_text().replace(authority.address, "https://localhost:1"))
    code, told = here("auth", "logout")
    assert code == 0
    assert "The broker of Windows was not told" in told
    assert not list(profile.glob("tokens.json"))


def test_where_there_is_none_nothing_is_asked(
    authority: Authority, profile: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, (refused,) = said(*_LOGIN, "--json", "--no-input")
    assert (code, refused["error"]["code"]) == (4, "no_input")
    monkeypatch.setattr("siptui.identity.broker_place.desktop", lambda: Desktop.OVER_SSH)
    code, (refused,) = said(*_LOGIN, "--json")
    assert (code, refused["error"]["code"]) == (4, "broker_unavailable")
    assert "not seen over SSH" in refused["error"]["message"]
    assert "siptui auth login --method browser" in refused["error"]["next"]
    assert not authority.state.requests
    assert not broker.asked


def test_doctor_names_the_broker_where_a_device_is_asked_for(
    authority: Authority, profile: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.state.approve_after = 0
    authority.state.issuer.lifetime = 0
    assert here("auth", "login", "--store", "file")[0] == 0
    authority.state.refuse("refresh", 53000)
    told = " ".join(here("doctor")[1].split())
    assert "can sign in here: siptui auth login --method broker" in told
    assert "Sign in through Windows: `siptui auth login --method broker`" in told
    monkeypatch.setattr("siptui.identity.broker_place.desktop", lambda: Desktop.OVER_SSH)
    told = " ".join(here("doctor")[1].split())
    assert "? Windows' broker" in told
    assert "not seen over SSH" in told
    assert "--method broker" not in told
    assert "siptui auth login --method browser" in told


@pytest.mark.skipif(sys.platform == "win32", reason="what is said where there is no Windows")
def test_another_system_says_so(authority: Authority, profile: Path) -> None:
    code, told = here(*_LOGIN)
    assert code == 4
    assert "Only Windows has a sign-in broker" in told
