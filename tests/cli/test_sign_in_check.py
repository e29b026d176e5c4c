"""`auth status --check`: one line and an exit code that tell whether there will be a token."""

import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.roles import OPERATOR, WITHOUT_BULK
from siptui.emulator.entra.tokens import TEAMS_MODULE
from tests.worker.installation import write_list
from tests.worker.signed_in import SignedInInstallation, signed_in_installation


def _check(place: SignedInInstallation, *args: str, **env: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the object of `--json`; the line for people must be one, with the same code."""
    result = place.run("auth", "status", "--check", "--json", *args, **env)
    people = place.run("auth", "status", "--check", *args, **env)
    assert people.exit_code == result.exit_code, people.output
    assert len(people.stdout.splitlines()) == 1
    assert people.stderr == ""
    (line,) = result.stdout.splitlines()
    return result.exit_code, json.loads(line)


def test_signed_in_revoked_and_signed_in_again(tmp_path: Path) -> None:
    with signed_in_installation(tmp_path) as place:
        code, said = _check(place)
        assert (code, said["token"], said["error"]["code"]) == (4, False, "sign_in_needed")
        place.sign_in("--store", "file")
        code, said = _check(place)
        assert (code, said["token"], said["error"]) == (0, True, None)
        assert said["account"]
        assert said["source"] == "sign-in"
        place.authority.forget_sessions()  # its token is still good for a while
        assert place.run("auth", "status").exit_code == 0
        code, said = _check(place)
        assert (code, said["token"]) == (4, False)
        assert "siptui auth login" in said["error"]["next"]
        place.sign_in("--store", "file")
        assert _check(place)[0] == 0


def test_a_role_that_has_ended_is_told_by_day(tmp_path: Path) -> None:
    """A night would end with the same exit code."""
    with signed_in_installation(tmp_path, speed=1) as place:
        place.sign_in("--store", "file")
        place.emulator.tell("roles", roles=list(WITHOUT_BULK))
        code, said = _check(place)
        assert (code, said["token"], said["may_bulk_sign_in"]) == (4, True, False)
        assert said["error"]["code"] == "access_denied"
        assert "Authentication Administrator" in said["error"]["next"]
        people = place.run("auth", "status", "--check").stdout
        assert "token for" in people
        assert "Its roles may not bulk sign in: a submit would be refused." in people
        place.emulator.tell("roles", roles=list(OPERATOR))
        assert _check(place)[0] == 0


def test_a_dry_run_that_the_service_would_refuse_ends_as_the_run_would(tmp_path: Path) -> None:
    """A script that looks first stops there, without reading what the plan says."""
    file = str(write_list(tmp_path / "list.csv", range(2)))
    dry = ("run", file, "--region", "EMEA", "--dry-run")
    with signed_in_installation(tmp_path, speed=1) as place:
        place.sign_in("--store", "file")
        assert place.run(*dry).exit_code == 0
        place.emulator.tell("roles", roles=list(WITHOUT_BULK))
        refused = place.run(*dry)
        assert refused.exit_code == 4
        assert "It would be refused: Access Denied" in refused.stdout
        assert "Authentication Administrator" in refused.stdout
        assert "batch 1  EMEA  2 devices" in refused.stdout  # the plan is shown all the same
        body = place.run(*dry, "--json")
        assert (body.exit_code, json.loads(body.stdout)["devices"]) == (4, 2)
        place.emulator.tell("roles", roles=list(OPERATOR))
        assert place.run(*dry).exit_code == 0


def test_an_authority_that_is_not_reached_or_answers_oddly(tmp_path: Path) -> None:
    with signed_in_installation(tmp_path) as place:
        place.sign_in("--store", "file")
        place.authority.endpoints_at = "https://elsewhere.invalid"
        code, said = _check(place)
        assert (code, said["error"]["code"]) == (4, "authority_elsewhere")
        code, said = _check(place, SSL_CERT_FILE=_another_authority(tmp_path))
        assert (code, said["error"]["code"]) == (4, "transport")


def _another_authority(folder: Path) -> str:
    import trustme

    trustme.CA().cert_pem.write_to_path(path := folder / "other.pem")
    return str(path)


def test_an_authority_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siptui.cli.sign_in_check._LIMIT", 0.5)
    with signed_in_installation(tmp_path) as place, socket.create_server(("127.0.0.1", 0)) as mute:
        place.sign_in("--store", "file")
        config = place.folder / "config" / "config.toml"
        silent = f"https://localhost:{mute.getsockname()[1]}"
        place.authority.endpoints_at = ""
        config.write_text(config.read_text().replace(place.beside.address, silent))
        stored = place.folder / "state" / "lab" / "tokens.json"
        stored.write_text(stored.read_text().replace(place.beside.address, silent))
        code, said = _check(place)
        assert (code, said["error"]["code"]) == (4, "timeout")


def test_tokens_from_elsewhere(tmp_path: Path) -> None:
    with signed_in_installation(tmp_path) as place:
        issuer, user = place.authority.issuer, place.authority.user()
        token = issuer.access_token(user, TEAMS_MODULE, issuer.audience, place.beside.address)
        code, said = _check(place, SIPTUI_ACCESS_TOKEN=token)
        assert (code, said["source"]) == (0, "SIPTUI_ACCESS_TOKEN")
        code, said = _check(place, SIPTUI_ACCESS_TOKEN_COMMAND="false")
        assert (code, said["error"]["code"]) == (4, "environment_token")
        file = tmp_path / "token"
        file.write_text(token)
        file.chmod(0o600)
        assert _check(place, SIPTUI_ACCESS_TOKEN_FILE=str(file))[0] == 0


def test_when_a_role_ends_is_told_where_graph_may_be_read(tmp_path: Path) -> None:
    ends = f'[[roles]]\nat = {3600 * 48}\nroles = ["Global Reader"]\n'
    with signed_in_installation(tmp_path, ends, speed=1) as place:
        place.sign_in("--store", "file")
        assert _check(place)[1]["role_ends"] is None  # the cloud names no address of Graph
        config = tmp_path / "config" / "config.toml"
        config.write_text(f'{config.read_text()}graph = "{place.emulator.url}"\n')
        place.authority.resources.add(place.emulator.url)
        code, said = _check(place)
        assert code == 0
        assert said["role_ends"]["role"] == "Authentication Administrator"
        left = datetime.fromisoformat(said["role_ends"]["at"]) - datetime.now(UTC)
        assert timedelta(hours=47) < left < timedelta(hours=49)
        people = place.run("auth", "status", "--check").stdout
        assert "Its role Authentication Administrator ends 20" in people
        file = write_list(tmp_path / "phones.csv", [1, 2])
        plan = place.run("run", str(file), "--region", "EMEA", "--dry-run")
        assert "Your role Authentication Administrator ends at" in plan.output
        assert ", after that." in plan.output
        place.emulator.tell("roles", roles=["Global Reader"], at=60)
        plan = place.run("run", str(file), "--region", "EMEA", "--dry-run", "--json")
        estimate = json.loads(plan.stdout)["estimate"]
        assert estimate["role_ends"] < estimate["end"]
        plan = place.run("run", str(file), "--region", "EMEA", "--dry-run")
        assert "before that: activate it for longer" in plan.output
        place.emulator.tell("faults", kind="status", status=403, call="graphOwnActivations")
        code, said = _check(place)
        assert (code, said["role_ends"]) == (0, None)
        plan = place.run("run", str(file), "--region", "EMEA", "--dry-run")
        assert plan.exit_code == 0
        assert "Your role" not in plan.output
