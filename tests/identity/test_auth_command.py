"""`siptui auth` in real processes against the emulated authority."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from siptui.app.token_files import open_token_files
from siptui.cli.group import cli
from siptui.emulator.entra.app import CONTOSO
from siptui.emulator.entra.tokens import TEAMS_API, TEAMS_MODULE, EntraUser
from siptui.host.private_files import private_folder, write_private
from siptui.transport.tls import trust
from tests.identity.conftest import Authority
from tests.transport import web


@pytest.fixture
def profile(authority: Authority, own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration for the emulated authority; the folder its state will be in."""
    authority.state.interval = 1
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    (own_folders / "config").mkdir(parents=True)
    (own_folders / "config" / "config.toml").write_text(
        f'[profiles.contoso]\ntenant = "{CONTOSO}"\ncloud = "lab"\n'
        f'[clouds.lab]\nauthority = "{authority.address}"\nadmin_api = "http://127.0.0.1:1"\n'
    )
    return own_folders / "state" / "contoso"


@contextmanager
def running(*args: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "siptui", *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ran(*args: str, text: str = "") -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, JSON lines of standard output, standard error."""
    with running(*args) as process:
        out, err = process.communicate(text, timeout=60)
        return process.returncode, [json.loads(line) for line in out.splitlines()], err


def redirected(url: str) -> str:
    with web.Client(verify=trust(), trust_env=False) as browser:
        return str(browser.get(url).headers["location"])


def pasted_in(*more: str) -> tuple[int, list[dict[str, Any]]]:
    """`auth login --method paste`, with this test as browser and hand."""
    with running("auth", "login", "--method", "paste", "--json", *more) as process:
        assert process.stdout
        first = json.loads(process.stdout.readline())
        out, _ = process.communicate(f"{redirected(first['url'])}\n", timeout=60)
        return process.returncode, [first, *(json.loads(line) for line in out.splitlines())]


def test_device_code_as_json(authority: Authority, profile: Path) -> None:
    with running("auth", "login", "--json", "--store", "file", "--no-input") as process:
        assert process.stdout
        first = json.loads(process.stdout.readline())
        assert set(first) == {"user_code", "verification_uri", "expires_at"}
        assert first["expires_at"].endswith("Z")
        authority.state.approve(first["user_code"])
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out) == {
        "account": "operator@contoso.com",
        "tenant": CONTOSO,
        "roles": ["Authentication Administrator"],
        "store": "file",
    }
    assert (profile / "tokens.json").stat().st_mode & 0o777 == 0o600
    assert profile.stat().st_mode & 0o777 == 0o700


def test_sign_in_status_sign_out(authority: Authority, profile: Path) -> None:
    code, (said,), _ = ran("auth", "status", "--json")
    assert (code, said["signed_in"], said["store"]) == (4, False, None)
    code, lines = pasted_in("--store", "file")
    assert code == 0
    assert set(lines[0]) == {"url", "port"}
    code, (said,), _ = ran("auth", "status", "--json")
    assert code == 0
    assert said["signed_in"] is True
    assert said["account"] == "operator@contoso.com"
    assert said["tenant"] == CONTOSO
    assert said["store"] == "file"
    assert said["store_path"] == str(profile / "tokens.json")
    assert said["client_id"] == TEAMS_MODULE
    assert said["audience"] == TEAMS_API
    code, (said,), _ = ran("auth", "logout", "--json")
    assert (code, said["signed_out"]) == (0, True)
    assert not [path for path in profile.iterdir() if path.name != "tokens.lock"]
    assert ran("auth", "logout", "--json")[0] == 0
    assert ran("auth", "status", "--json")[0] == 4


def test_words_for_people(authority: Authority, profile: Path) -> None:
    authority.state.users.insert(0, EntraUser("t@contoso.com", CONTOSO, "oid", wids=("x",)))
    with running("auth", "login", "--method", "paste", "--store", "memory") as process:
        assert process.stderr
        told = ""
        while "https://" not in told:
            told = process.stderr.readline()
        out, err = process.communicate(f"{redirected(told.strip())}\n", timeout=60)
    assert process.returncode == 0, err
    assert "Signed in as t@contoso.com" in out
    assert "None of them may bulk sign in" in out
    assert "gone when this command ends" in out
    assert not profile.exists() or not list(profile.glob("tokens.*"))


def test_browser_through_the_port(authority: Authority, profile: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    args = ("--method", "browser", "--store", "file", "--port", str(port), "--json")
    with running("auth", "login", *args) as process:
        assert process.stdout
        first = json.loads(process.stdout.readline())
        assert first["port"] == port
        answer = web.get(redirected(first["url"]).replace("localhost", "127.0.0.1"))
        assert answer.status_code == 200
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["account"] == "operator@contoso.com"


def test_no_keyring_and_nobody_to_ask_asks_nobody_to_sign_in(
    authority: Authority, profile: Path
) -> None:
    code, (said,), _ = ran("auth", "login", "--json", "--no-input")
    assert code == 4
    assert said["error"]["code"] == "store_undecided"
    assert "--store" in said["error"]["next"]
    assert not authority.state.requests
    assert ran("auth", "login", "--method", "paste", "--store", "file", "--no-input")[0] == 4


def test_refused_as_json(authority: Authority, profile: Path) -> None:
    authority.state.refuse("browser", 53003)
    code, lines = pasted_in("--store", "file")
    assert code == 4
    error = lines[1]["error"]
    assert set(error) == {"code", "message", "next"}
    assert error["code"] == "AADSTS53003"
    assert error["next"]
    assert not list(profile.glob("tokens.json"))
    authority.state.refuse("device_start", 53003)
    code, said = here("auth", "login", "--store", "file", "--no-input")
    assert code == 4
    assert re.search(r"In Entra's sign-in log: correlation id [0-9a-f-]{36}\n", said)


def test_token_of_the_environment_wins(
    authority: Authority, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer, user = authority.state.issuer, authority.state.user("teams@contoso.com")
    token = issuer.access_token(user, TEAMS_MODULE, TEAMS_API, authority.address)
    monkeypatch.setenv("SIPTUI_ACCESS_TOKEN", token)
    code, (said,), err = ran("auth", "status", "--json")
    assert code == 0
    assert said["source"] == "SIPTUI_ACCESS_TOKEN"
    assert said["account"] == "teams@contoso.com"
    assert token not in f"{said}{err}"


def test_store_that_others_could_read_is_told(authority: Authority, profile: Path) -> None:
    assert pasted_in("--store", "file")[0] == 0
    (profile / "tokens.json").chmod(0o640)
    code, (said,), _ = ran("auth", "status", "--json")
    assert code == 4
    assert said["error"]["code"] == "store_broken"
    assert "tokens.json.broken" in said["error"]["message"]
    assert said["set_aside"] == str(profile / "tokens.json.broken")


def here(*args: str) -> tuple[int, str]:
    """Exit code and all that was said, without a process of its own."""
    done = CliRunner().invoke(cli, args)
    return done.exit_code, done.output


def test_damaged_store_is_told_as_long_as_it_lies_there(
    authority: Authority, profile: Path
) -> None:
    private_folder(profile)
    write_private(profile / "tokens.json", b'{"schema": 1, "authority": "https')
    aside = str(profile / "tokens.json.broken")
    code, said = here("auth", "status")
    assert code == 4
    for words in ("Token store set aside", "it is damaged", aside, "siptui auth login"):
        assert words in said
    for order in (["auth", "status"], ["batches"], ["doctor"]):
        code, said = here(*order)
        assert code in (1, 4)
        assert "No one is signed in" in said
        assert f"set aside as {aside}" in said
    assert pasted_in("--store", "file")[0] == 0
    code, said = here("auth", "status")
    assert code == 0
    assert f"{aside} is an earlier token store" in said
    config = profile.parent.parent / "config" / "config.toml"
    config.write_text(config.read_text().replace(f'tenant = "{CONTOSO}"', 'tenant = "other.com"'))
    code, said = here("auth", "status")
    assert code == 4
    assert "for another cloud, tenant or client" in said
    assert here("auth", "logout")[0] == 0
    assert not list(profile.glob("*.broken"))


def test_token_file_that_others_can_read_is_warned_of_once(
    authority: Authority, profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer, user = authority.state.issuer, authority.state.user()
    token = issuer.access_token(user, TEAMS_MODULE, TEAMS_API, authority.address)
    file = tmp_path / "the token"
    file.write_text(token)
    file.chmod(0o640)
    monkeypatch.setenv("SIPTUI_ACCESS_TOKEN_FILE", str(file))
    monkeypatch.setenv("SIPTUI_GRAPH_TOKEN_FILE", str(file))
    monkeypatch.setenv("SIPTUI_DEVICES_TOKEN_FILE", str(file))
    monkeypatch.setenv("SIPTUI_DEVICES_TOKEN", "wins over the file")
    code, said = here("auth", "status")
    assert code == 0
    for name in ("ACCESS", "GRAPH"):
        assert said.count(f"SIPTUI_{name}_TOKEN_FILE: others can read") == 1
    assert said.count("Warning") == 2
    assert f"(mode 0640). Close it: chmod 600 '{file}'" in said
    assert token not in said
    assert "Warning" not in here("doctor")[1], "said once"
    file.chmod(0o600)
    assert list(open_token_files(os.environ)) == []


def test_help_needs_nothing_heavy() -> None:
    script = (
        "import sys, siptui.cli.commands.auth\n"
        "bad = {'msal', 'httpx', 'textual', 'polars', 'cryptography'} & set(sys.modules)\n"
        "sys.exit(str(bad) if bad else 0)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_at_a_terminal_it_asks_before_it_writes_a_plain_file(
    authority: Authority, profile: Path
) -> None:
    import pty
    import select

    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "siptui", "auth", "login"])
    shown, answered = b"", False
    try:
        while select.select([terminal], [], [], 20)[0]:
            try:
                part = os.read(terminal, 4096)
            except OSError:  # how Linux says that nobody is there any more
                break
            if not part:
                break
            shown += part
            if b"Keep the tokens in" in shown and not answered:
                assert not list(profile.glob("tokens.json"))
                os.write(terminal, b"file\n")
                answered = True
            for grant in list(authority.state.devices.values()):
                if grant.user is None and grant.user_code.encode() in shown:
                    authority.state.approve(grant.user_code)
    finally:
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, shown
    assert b"Teams PowerShell client" in shown
    assert b" left." in shown
    assert b"Signed in as operator@contoso.com" in shown
    assert (profile / "tokens.json").stat().st_mode & 0o777 == 0o600
