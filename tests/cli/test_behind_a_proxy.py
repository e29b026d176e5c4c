"""A jump host's network: names that only a CONNECT proxy can reach, a CA of the company's own.

What the environment says is all that is needed; without it the message names the cause.
"""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from click.testing import CliRunner, Result

from siptui.cli.group import cli
from siptui.emulator.access import Access
from siptui.emulator.emulator import Emulator
from siptui.emulator.entra.app import CONTOSO, Entra, contoso
from siptui.emulator.entra.beside import verified_by
from siptui.emulator.entra.server import served as over_tls
from tests.transport.lines import Proxy, served
from tests.worker.installation import QUICK, json_lines, write_list

_HOST = "tenant.invalid"  # RFC 6761: no resolver knows it


@dataclass(frozen=True)
class Office:
    """The network: what the environment must say, and the proxy's own notes."""

    proxy: Proxy
    proxy_address: str
    authority: str
    access: Access

    def run(self, *args: str, **env: str) -> Result:
        return CliRunner().invoke(cli, [*args, "--json"], env=env)

    def good(self, *args: str) -> list[dict[str, Any]]:
        """Run a command with all that it needs; its lines."""
        result = self.run(*args, HTTPS_PROXY=self.proxy_address, SSL_CERT_FILE=self.authority)
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    def sign_in(self, **env: str) -> list[dict[str, Any]]:
        """Sign in with all that it needs, in a process whose waits are short; its lines."""
        needed = {"HTTPS_PROXY": self.proxy_address, "SSL_CERT_FILE": self.authority}
        quick = {"PYTHONPATH": str(QUICK), "SIPTUI_QUICK": "10"}
        done = subprocess.run(
            [sys.executable, "-m", "siptui", *_LOGIN, "--json"],
            env={**os.environ, **needed, **quick, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json_lines(done.stdout)


@pytest.fixture
def proxy() -> Iterator[tuple[Proxy, str]]:
    """A proxy in a thread, and its address with a name and a password in it."""
    proxy, loop, address = Proxy(), asyncio.new_event_loop(), []
    up, over = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with served(proxy) as port:
            address.append(f"http://me:hidden@127.0.0.1:{port}")
            up.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert up.wait(60)
    yield proxy, address[0]
    loop.call_soon_threadsafe(over.set)
    thread.join(10)


@pytest.fixture
def office(
    tmp_path: Path,
    own_folders: Path,
    proxy: tuple[Proxy, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Office]:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    company, paths = trustme.CA(), [tmp_path / name for name in ("ca.pem", "leaf.pem", "leaf.key")]
    leaf = company.issue_cert(_HOST)
    company.cert_pem.write_to_path(paths[0])
    leaf.cert_chain_pems[0].write_to_path(paths[1])
    leaf.private_key_pem.write_to_path(paths[2])
    state = contoso()
    state.approve_after, state.interval = 0, 1
    emulator = Emulator("healthy", routes=Entra(state).routes())
    emulator.access.verify = verified_by(state.issuer)
    with over_tls(emulator.app, certificate=paths[1], key=paths[2]) as address:
        url = f"https://{_HOST}:{address.rpartition(':')[2]}"
        config = own_folders / "config" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(
            f'[profiles.work]\ntenant = "{CONTOSO}"\ncloud = "own"\n'
            f'[clouds.own]\nauthority = "{url}"\nadmin_api = "{url}"\n'
        )
        yield Office(proxy[0], proxy[1], str(paths[0]), emulator.access)


def _error(result: Result) -> dict[str, str]:
    assert result.exit_code != 0
    error: dict[str, str] = json.loads(result.stdout.splitlines()[-1])["error"]
    assert "hidden" not in result.output
    return error


def _read(result: Result) -> dict[str, str]:
    """The doctor's read, which is tried once; other commands would try for a while."""
    assert result.exit_code != 0
    steps: list[dict[str, str]] = json.loads(result.stdout)["steps"]
    assert steps[-1]["step"] == "read"
    return steps[-1]


_LOGIN = ("auth", "login", "--store", "file", "--no-input")


def test_sign_in_and_a_read_work_by_environment_alone(office: Office) -> None:
    *_, signed_in = office.sign_in()
    assert signed_in["account"] == "operator@contoso.com"
    for_sign_in = len(office.proxy.heads)
    assert for_sign_in > 0
    office.good("batches")
    assert len(office.proxy.heads) > for_sign_in
    assert all(head.startswith(f"CONNECT {_HOST}:") for head in office.proxy.heads)


def test_without_the_authority_the_message_names_it_and_the_variable(office: Office) -> None:
    error = _error(office.run(*_LOGIN, HTTPS_PROXY=office.proxy_address))
    assert "authority not known" in error["message"]
    assert "SSL_CERT_FILE" in error["next"]
    office.sign_in()
    step = _read(office.run("doctor", HTTPS_PROXY=office.proxy_address))
    assert "authority not known" in step["detail"]


def test_without_the_proxy_the_message_names_the_host_and_the_variable(office: Office) -> None:
    error = _error(office.run(*_LOGIN, SSL_CERT_FILE=office.authority))
    assert _HOST in error["message"]
    assert "HTTPS_PROXY" in error["next"]
    office.sign_in()
    step = _read(office.run("doctor", SSL_CERT_FILE=office.authority))
    assert _HOST in step["detail"]


def test_a_dead_proxy_and_one_that_refuses_are_named(office: Office) -> None:
    dead = {"HTTPS_PROXY": "http://me:hidden@127.0.0.1:1", "SSL_CERT_FILE": office.authority}
    error = _error(office.run(*_LOGIN, **dead))
    assert f"The proxy 127.0.0.1:1, on the way to {_HOST}" in error["message"]
    assert "HTTPS_PROXY" in error["next"]
    office.proxy.refusal = "407 Proxy Authentication Required"
    alive = {"HTTPS_PROXY": office.proxy_address, "SSL_CERT_FILE": office.authority}
    error = _error(office.run(*_LOGIN, **alive))
    assert "The proxy asks for a sign-in" in error["message"]
    assert "407" in error["message"]


def test_doctor_shows_the_proxy_without_its_password(office: Office) -> None:
    office.sign_in()
    (found,) = office.good("doctor")
    steps = {step["step"]: step for step in found["steps"]}
    assert "me:***@127.0.0.1" in steps["proxy, admin API"]["detail"]
    assert "hidden" not in json.dumps(found)
    assert steps["read"]["result"] == "pass"
    assert "trustme" in steps["TLS, authority"]["detail"]


@pytest.mark.parametrize("refusal", ["407 Proxy Authentication Required", "403 Forbidden"])
def test_a_refusal_of_the_proxy_is_not_tried_again(
    office: Office, tmp_path: Path, refusal: str
) -> None:
    """Neither by a command nor by a worker: it stays until something is changed."""
    office.sign_in()
    office.proxy.refusal = refusal
    office.proxy.heads.clear()
    env = {"HTTPS_PROXY": office.proxy_address, "SSL_CERT_FILE": office.authority}
    error = _error(office.run("batches", **env))
    assert refusal[:3] in error["message"]
    assert len(office.proxy.heads) == 1
    office.proxy.heads.clear()
    phones = write_list(tmp_path / "phones.csv", range(2))
    once = ("--region", "EMEA", "--yes", "--no-account-check")
    done = office.run("run", str(phones), *once, **env)
    assert done.exit_code == 1
    assert refusal[:3] in done.stdout
    assert "hidden" not in done.output
    assert len(office.proxy.heads) <= 2
    assert json.loads(done.stdout.splitlines()[-1])["type"] == "run_stopped"


@pytest.mark.parametrize("entry", ["[::1]", "fd00::/8", "::1,[fe80::1%eth0]"])
def test_no_proxy_with_addresses_of_ipv6_breaks_nothing(office: Office, entry: str) -> None:
    env = {"HTTPS_PROXY": office.proxy_address, "SSL_CERT_FILE": office.authority}
    office.sign_in(NO_PROXY=entry)
    steps = json.loads(office.run("doctor", **env, NO_PROXY=entry).stdout)["steps"]
    found = {step["step"]: step for step in steps}
    assert "me:***@127.0.0.1" in found["proxy, admin API"]["detail"]
    assert found["read"]["result"] == "pass"
    named = json.loads(office.run("doctor", **env, NO_PROXY=f"{entry},{_HOST}").stdout)["steps"]
    assert {s["step"]: s for s in named}["proxy, admin API"]["detail"].endswith(": none")


def test_a_proxy_with_an_impossible_port_is_told_in_clear_words(office: Office) -> None:
    error = _error(office.run(*_LOGIN, HTTPS_PROXY="http://h:99999"))
    assert "HTTPS_PROXY cannot be read" in error["message"]
    assert "port" in error["next"]
