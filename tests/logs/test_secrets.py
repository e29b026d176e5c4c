"""Nothing secret gets through, whichever way it came into a message."""

import json
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.logs import secrets
from siptui.logs.secrets import without_secrets, without_tokens
from siptui.logs.start import FIELDS, MAX_BYTES, start, stop

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJ0aWQiOiJ4In0.c2lnbmF0dXJl"
CANARY = "c4n4ry-S3cret_value.x"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {CANARY}",
        f"authorization: bearer {JWT}",
        f"got {JWT} from the cache",
        f"grant_type=device_code&device_code={CANARY}&client_id=x",
        f'{{"access_token": "{CANARY}", "expires_in": 3599}}',
        f'{{"refresh_token":"{CANARY}"}}',
        f"{{'device_code': 'a b {CANARY}', 'x': 1}}",
        f'"{{\\"id_token\\": \\"{CANARY}\\"}}"',
        f"password='{CANARY}'",
        f"https_proxy=http://me:p@{CANARY}@proxy.example:8080",
        f"http://localhost:8400/?code={CANARY}&session_state=y",
        f"client_secret={CANARY}",
        f"Cookie: {CANARY}",
        f"password = {CANARY}",
        f"HTTPS_PROXY=http://me:{CANARY}@proxy.example:8080",
    ],
)
def test_what_looks_secret_is_removed(text: str) -> None:
    assert CANARY not in without_secrets(text)
    assert JWT not in without_secrets(text)


@given(st.text(alphabet="abcXYZ019-_.", min_size=12, max_size=60))
def test_a_bearer_token_of_any_letters_is_removed(token: str) -> None:
    assert token not in without_secrets(f"Bearer {token} and more")


_PIECES = st.sampled_from(
    [
        *("Bearer", "basic", "NEGOTIATE", "Authorization", "Proxy-Authorization", "set-cookie"),
        *("access_token", "accessToken", "refreshtoken", "id_token", "client_secret", "paſſword"),
        *("client_assertion", "devicecode", "device_code", "code_verifier", "passwd", "passwrd"),
        *(JWT, "eyJabcdef", "0.A" + "x1" * 12, "1.a" + "x" * 25, "ftp://me:pw@host", "://", "@"),
        *("=", ":", " ", '"', "'", ", ", "\\", "7" * 24, "word", "é"),
    ]
)


@given(st.lists(_PIECES, max_size=8).map("".join))
def test_what_is_not_looked_into_holds_nothing(text: str) -> None:
    """A text that none of the nets would change is passed over at once, and no other."""
    expected = text
    for net, instead in secrets._FOREIGN:
        expected = net.sub(instead, expected)
    assert without_tokens(text) == expected


def test_plain_words_stay_as_they_are() -> None:
    text = "The service answered with HTTP 503 and no reason; status code 503."
    assert without_secrets(text) == text


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs"


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_log_is_private_json_with_allowed_fields_only(log: Path) -> None:
    path = start(log, "debug")
    logger = logging.getLogger("siptui.test")
    try:
        logger.info("sent %s", f"Bearer {CANARY}", extra={"status": 200, "token": CANARY})
        try:
            raise ValueError(f"access_token={CANARY}")
        except ValueError:
            logger.exception("broke \x1b[2J")
    finally:
        stop()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    first, second = lines(path)
    assert first["status"] == 200
    assert "token" not in first
    assert "token" not in FIELDS
    assert CANARY not in path.read_text()
    assert str(second["error"]).startswith("ValueError")
    assert "\x1b" not in str(second["message"])


def test_the_level_counts_and_libraries_do_not_write_there(log: Path) -> None:
    path = start(log, "warning")
    try:
        logging.getLogger("siptui.test").info("no")
        logging.getLogger("httpx").error("no")
        logging.getLogger("siptui.test").warning("yes")
    finally:
        stop()
    assert [line["message"] for line in lines(path)] == ["yes"]


def test_a_long_log_is_rotated_and_old_ones_go(log: Path) -> None:
    path = start(log, "info")
    logger = logging.getLogger("siptui.test")
    try:
        for number in range(7):
            logger.info("mark %d", number)
            with path.open("a") as file:
                file.write("x" * MAX_BYTES + "\n")
        logger.info("last")
    finally:
        stop()
    assert path.read_text().count("\n") == 1
    kept = sorted(p.name for p in log.iterdir() if p.name.startswith("siptui.log"))
    assert kept == ["siptui.log", *(f"siptui.log.{n}" for n in range(1, 6))]
    assert '"mark 6"' in (log / "siptui.log.1").read_text()[:300]


def test_a_log_that_is_a_link_is_not_written_through(log: Path, tmp_path: Path) -> None:
    log.mkdir()
    target = tmp_path / "target"
    target.write_text("")
    (log / "siptui.log").symlink_to(target)
    start(log, "info")
    try:
        logging.getLogger("siptui.test").info("x")
    finally:
        stop()
    assert target.read_text() == ""


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {CANARY}",
        f"Headers: {{'Authorization': 'Bearer {CANARY}', 'X': 1}}",
        f'{{\\"authorization\\": \\"Bearer {CANARY}\\"}}',
        f"authorization=[Bearer {CANARY}]",
        "Authorization: Bearer c4n4ry",
        f"Authorization {CANARY}",
        f"the token {JWT[:30]}… has expired",
        f"Bearer {CANARY} is not valid",
        f"access_token={CANARY}&x=1",
        f'"refreshToken": "{CANARY}"',
        f"Cookie: {CANARY}",
        f"via http://me:{CANARY}@proxy.example",
    ],
)
def test_a_token_that_a_service_repeats_is_removed(text: str) -> None:
    cleaned = without_tokens(text)
    assert not [part for part in (CANARY, "c4n4ry", JWT[:12]) if part in cleaned]


def test_a_token_that_was_removed_already_leaves_one_mark() -> None:
    cleaned = without_tokens("host: a; authorization: Bearer [removed]; accept: b")
    assert cleaned == "host: a; authorization: [removed]; accept: b"


@pytest.mark.parametrize(
    "text",
    [
        "Bearer token is missing, error code: 7, state: Failed.",
        "Basic authentication is disabled by policy BlockBasic2.",
        "Authorization failed: the user lacks a role (status code 403).",
        "Authorization: denied for lobby@contoso.com",
        "Device code: expired? See https://aka.ms/teams?code=3",
        "The password was reset.",
    ],
)
def test_what_a_service_explains_stays_as_it_is(text: str) -> None:
    assert without_tokens(text).replace("[removed]", "expired?") == text
