"""Emulator with authority, sign-in, a command of the service; recordings: in real processes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from siptui.cli.group import cli
from siptui.domain.device import Device
from siptui.emulator.recording import load_recording
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.transport import open_client
from siptui.transport.recorder import Recorder
from tests.gateway.contract import devices
from tests.gateway.service import Tokens
from tests.support.emulator import running_emulator


@contextmanager
def emulator(*options: str, lines: int = 1) -> Iterator[list[str]]:
    """`siptui emulator --port 0 OPTIONS` as a process; the first lines that it prints."""
    argv = [sys.executable, "-m", "siptui", "emulator", "--port", "0", *options]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield [process.stdout.readline().strip() for _ in range(lines)]
        finally:
            process.terminate()
            process.communicate(timeout=60)
    assert process.returncode == 0


def siptui(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "siptui", *args],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _secrets(value: object) -> Iterator[str]:
    """Every token in what was kept of a sign-in, JSON within JSON too."""
    if isinstance(value, str) and value.startswith("{"):
        value = json.loads(value)
    if isinstance(value, dict):
        if isinstance(value.get("secret"), str):
            yield value["secret"]
        for part in value.values():
            yield from _secrets(part)


def test_sign_in_at_its_authority_opens_its_tenant(own_folders: Path, tmp_path: Path) -> None:
    config, record = own_folders / "config" / "config.toml", tmp_path / "sign-in.jsonl"
    config.parent.mkdir(parents=True)
    options = ("--authority", "0", "--approve", "--config", str(config), "--speed", "1000")
    with emulator(*options, lines=3) as (address, authority, ca):
        assert address.startswith("http://127.0.0.1:")
        assert authority.startswith("https://localhost:")
        trusted = {"SSL_CERT_FILE": ca}
        before = siptui("batches", "--json", "--no-input", **trusted)
        assert before.returncode == 4, before.stderr

        distrusted = siptui("auth", "login", "--store", "file", "--no-input")
        assert distrusted.returncode != 0
        assert "certificate" in distrusted.stderr

        login = ("auth", "login", "--method", "device", "--store", "file", "--json", "--no-input")
        signed_in = siptui(*login, "--record", str(record), "--log-level", "debug", **trusted)
        assert signed_in.returncode == 0, signed_in.stderr
        prompt, account = map(json.loads, signed_in.stdout.splitlines())
        assert account["account"] == "admin@contoso.com"
        assert "Authentication Administrator" in account["roles"]

        after = siptui("batches", "--json", "--no-input", **trusted)
        assert after.returncode == 0, after.stderr
        assert json.loads(after.stdout)["batches"] == []
        folder = Path(ca).parent
    assert not folder.exists(), "certificates are thrown away"

    recorded, log = record.read_text(), (own_folders / "state" / "logs" / "siptui.log").read_text()
    calls = [json.loads(line) for line in recorded.splitlines()[1:]]
    assert {call["call"] for call in calls} == {"token", "read"}  # who the tenant is
    assert any(call["path"].endswith("/devicecode") for call in calls)
    assert "/token" in log
    kept = json.loads((own_folders / "state" / "emulator" / "tokens.json").read_text())
    secrets = list(_secrets(kept))
    assert secrets
    for secret in (*secrets, prompt["user_code"], "contoso"):
        assert secret not in recorded
    assert not [secret for secret in secrets if secret in log]


def test_a_configuration_that_is_not_its_own_stays(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("# mine\n")
    done = CliRunner().invoke(cli, ["emulator", "--port", "0", "--config", str(config)])
    assert done.exit_code == 1
    assert "exists already" in done.stderr
    assert config.read_text() == "# mine\n"
    config.unlink()
    for _ in range(2):
        with emulator("--config", str(config)) as (address,):
            assert f'admin_api = "{address}"' in config.read_text()


async def _submitted(url: str, sent: list[Device], *, recorder: Recorder | None = None) -> list:
    async with open_client(watchers=[recorder] if recorder else ()) as http:
        client = BulkSignInClient(http, url, Tokens())
        accepted = await client.create_batch(sent[0].region, sent)
        status = await client.batch_status(accepted.batch_id)
        while not status.items or any(item.phase == "running" for item in status.items):
            status = await client.batch_status(accepted.batch_id)
        return [(item.word, item.error) for item in status.items]


def test_a_recording_on_a_port_with_its_devices(tmp_path: Path) -> None:
    import asyncio

    path, listed = tmp_path / "recording.jsonl", tmp_path / "list.csv"
    sent = devices(30)
    with running_emulator("mixed", speed=2000) as running, Recorder(path) as recorder:
        first = asyncio.run(_submitted(running.url, sent, recorder=recorder))
    with emulator("--replay", str(path), "--list", str(listed)) as (address,):
        assert asyncio.run(_submitted(address, sent)) == first
    checked = CliRunner().invoke(cli, ["check", str(listed), "--json"])
    assert checked.exit_code == 0
    found = json.loads(checked.stdout)["devices"]
    assert [(d["username"], d["hardware_id"], d["region"]) for d in found] == [
        (user, mac, str(region)) for user, mac, region in load_recording(path).devices()
    ]
    with emulator("--replay", str(path), "--authority", "0", lines=3) as (_, authority, ca):
        assert authority.startswith("https://")
        assert Path(ca).is_file()


def test_the_phones_of_a_scenario_are_a_list_to_try_a_preflight_on(tmp_path: Path) -> None:
    listed, config = tmp_path / "phones.csv", tmp_path / "config.toml"
    names = ("SIPTUI_ACCESS_TOKEN", "SIPTUI_GRAPH_TOKEN", "SIPTUI_DEVICES_TOKEN")
    env = dict.fromkeys(names, "any") | dict.fromkeys(
        ("SIPTUI_CONFIG_DIR", "SIPTUI_STATE_DIR"), str(tmp_path)
    )
    for _ in range(2):  # started again, it finds its own list there
        with emulator(
            *("--scenario", "prerequisites", "--list", str(listed), "--config", str(config))
        ):
            done = siptui("preflight", str(listed), "--json", **env)
            assert done.returncode == 3, done.stderr
            assert len(json.loads(done.stdout)["accounts"]) == 40


@pytest.mark.parametrize(
    "options",
    [
        ["--replay", "x", "--speed", "2"],
        ["--replay", "x", "--scenario", "mixed"],
        ["--list", "x"],
        ["--approve"],
        ["--replay", "/nowhere"],
    ],
)
def test_options_that_say_nothing_together(options: list[str]) -> None:
    done = CliRunner().invoke(cli, ["emulator", "--port", "0", *options])
    assert done.exit_code == 2, done.output
