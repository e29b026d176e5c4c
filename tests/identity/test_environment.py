"""Tokens that come from the environment."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from siptui.emulator.entra.app import CONTOSO, contoso
from siptui.emulator.entra.tokens import TEAMS_API, TEAMS_MODULE, Issuer
from siptui.identity.environment import COMMAND, FILE, VALUE, EnvironmentToken, environment_token
from siptui.identity.errors import TokenFromElsewhereError, WrongTenantError
from siptui.identity.registration import Registration

PROFILE = Registration("https://localhost:9443", CONTOSO)


def made(*, lifetime: int = 3600, audience: str = TEAMS_API) -> str:
    return Issuer(lifetime=lifetime).access_token(
        contoso().user(), TEAMS_MODULE, audience, "https://localhost:9443"
    )


def read(name: str, value: str, registration: Registration = PROFILE) -> str:
    found = environment_token(registration, {name: value})
    assert found
    return asyncio.run(found.token())


def test_value_file_and_command(tmp_path: Path) -> None:
    token = made()
    file = tmp_path / "token"
    file.write_text(f"{token}\n")
    shown = f'{sys.executable} -c "print(open({str(file)!r}).read())"'
    as_az = f"""{sys.executable} -c "print('{{\\"accessToken\\": \\"{token}\\"}}')" """
    assert read(VALUE, token) == token
    assert read(VALUE, f"Bearer {token}") == token
    assert read(FILE, str(file)) == token
    assert read(COMMAND, shown) == token
    assert read(COMMAND, as_az) == token
    assert read(VALUE, "opaque-to-us") == "opaque-to-us"


def test_value_before_file_before_command() -> None:
    every = {COMMAND: "true", FILE: "/nowhere", VALUE: "x"}
    for name in (VALUE, FILE, COMMAND):
        found = environment_token(PROFILE, every)
        assert found
        assert found.name == name
        del every[name]
    assert environment_token(PROFILE, {VALUE: ""}) is None


def test_file_is_followed_command_runs_when_needed(tmp_path: Path) -> None:
    file, count = tmp_path / "token", tmp_path / "count"
    script = (
        f"import pathlib; c = pathlib.Path({str(count)!r}); n = c.read_text() if c.exists() else ''"
        f"; c.write_text(n + 'x'); print('token-' + str(len(n)))"
    )
    by_command = EnvironmentToken(PROFILE, COMMAND, f'{sys.executable} -c "{script}"')
    by_file = EnvironmentToken(PROFILE, FILE, str(file))

    async def go() -> None:
        assert [await by_command.token(), await by_command.token()] == ["token-0", "token-0"]
        assert await by_command.token(refresh=True) == "token-1"
        for word in ("first", "second"):
            file.write_text(word)
            assert await by_file.token() == word

    asyncio.run(go())


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        (VALUE, made(lifetime=-60), "ran out"),
        (VALUE, made(audience="https://graph.microsoft.com"), "not for the Teams"),
        (VALUE, "two words", "no token"),
        (VALUE, "line\nbreak", "no token"),
        (FILE, "/nowhere/token", "cannot be read"),
        (COMMAND, "/nowhere/command", "cannot be run"),
        (COMMAND, 'unclosed "', "cannot be read"),
        (COMMAND, f"{sys.executable} -c 'import sys; sys.exit(\"no login\")'", "no login"),
        (COMMAND, "true", "no token"),
    ],
    ids=lambda _: "",  # tokens differ from process to process
)
def test_what_cannot_be_used_is_explained(name: str, value: str, says: str) -> None:
    with pytest.raises(TokenFromElsewhereError, match=says) as unusable:
        read(name, value)
    assert unusable.value.message.startswith(name)
    assert unusable.value.exit_code == 4
    assert "eyJ" not in f"{unusable.value.message}{unusable.value.remedy}"


def test_token_of_another_tenant() -> None:
    other = Registration(PROFILE.authority, "99999999-8888-4777-8666-555555555555")
    with pytest.raises(WrongTenantError, match=CONTOSO):
        read(VALUE, made(), other)
    assert read(VALUE, made(), Registration(PROFILE.authority, "contoso.com"))  # cannot be told


def test_whose_token_it_is() -> None:
    token = EnvironmentToken(PROFILE, VALUE, made())
    account = token.account()
    assert account
    assert account.user == "operator@contoso.com"
    assert account.expires_at
    assert account.expires_at.timestamp() > time.time()
    assert EnvironmentToken(PROFILE, VALUE, "opaque").account() is None
    assert "eyJ" not in repr(token)


@pytest.mark.parametrize("name", ["SIPTUI_ACCESS_TOKEN", "SIPTUI_ACCESS_TOKEN_FILE"])
@pytest.mark.parametrize("key", ["accessToken", "access_token", "Token"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_as_az_prints_it_is_read_from_everywhere(
    tmp_path: Path, name: str, key: str, encoding: str
) -> None:
    token = made()
    text = f'{{ "{key}": "{token}", "tokenType": "Bearer" }}\n'
    file = tmp_path / "token.json"
    file.write_text(text, encoding=encoding)
    assert read(name, str(file) if name.endswith("_FILE") else text) == token


def test_the_json_of_a_command_is_asked_anew_when_its_token_runs_out(tmp_path: Path) -> None:
    count = tmp_path / "count"
    text = f'{{"accessToken": "{made(lifetime=60)}"}}'
    command = f"""sh -c 'echo x >> {count}; cat {tmp_path / "said"}'"""
    (tmp_path / "said").write_text(text)
    source = EnvironmentToken(PROFILE, COMMAND, command)
    source.read()
    source.read()
    assert len(count.read_text().split()) == 2


def test_json_without_a_token_is_no_token(tmp_path: Path) -> None:
    for text in ('{"accessToken": null}', '{"accessToken": ["x"]}', "{", '{"a":' * 9_000):
        (tmp_path / "token").write_text(text)
        with pytest.raises(TokenFromElsewhereError, match="holds no token"):
            read(FILE, str(tmp_path / "token"))


def test_what_is_no_plain_file_is_told_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path, Path("/dev/null")):
        with pytest.raises(TokenFromElsewhereError, match=r"no plain file.*_COMMAND"):
            read(FILE, str(place))
    with pytest.raises(TokenFromElsewhereError, match="cannot be read"):
        read(FILE, "~nobody-by-this-name/token")
