"""`info`, `batches`, `batch`, `doctor`: as a user runs them, against an emulated tenant."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from siptui.cli.group import cli
from siptui.emulator.scenario import read_scenario
from tests.support.emulator import BULK, Running, running_emulator

TOKEN = "c4n4ry-t0ken-nobody-may-see"
ADMIN = "Alice.Admin@contoso.com"
TENANT = "contoso.example"


@pytest.fixture
def emulator(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """An emulated tenant with a profile for it and a token in the environment."""
    with running_emulator("healthy", speed=1000, until_ended=False) as running:
        configure(own_folders, running.url)
        monkeypatch.setenv("SIPTUI_ACCESS_TOKEN", TOKEN)
        yield running


def configure(folder: Path, url: str) -> None:
    config = folder / "config" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(
        f'[profiles.lab]\ntenant = "{TENANT}"\ncloud = "lab"\n'
        f'[clouds.lab]\nauthority = "https://localhost:1"\nadmin_api = "{url}"\n'
        f'devices = "{url}"\n'
    )


def run(*args: str) -> Result:
    return CliRunner().invoke(cli, args)


def submit(emulator: Running) -> str:
    from tests.transport import web

    items = [{"UserName": "lobby@contoso.com", "HardwareId": "00-15-65-00-00-01"}]
    headers = {"Authorization": "Bearer x"}
    url = f"{emulator.url}{BULK}/createbatch?TargetRegion=EMEA"
    answer = web.post(url, json=items, headers=headers).raise_for_status()
    body: dict[str, Any] = {key.lower(): value for key, value in answer.json().items()}
    return str(body["batchid"])


def test_batches_and_one_batch(emulator: Running) -> None:
    batch_id = submit(emulator)
    listed = run("batches", "--json")
    assert listed.exit_code == 0
    found = json.loads(listed.stdout)
    assert found["tenant"] == TENANT
    (batch,) = found["batches"]
    assert (batch["batch_id"], batch["region"], batch["devices"]) == (batch_id, "EMEA", 1)
    shown = run("batch", batch_id, "--json")
    assert shown.exit_code == 0
    (device,) = json.loads(shown.stdout)["devices"]
    assert device["username"].casefold() == "lobby@contoso.com"
    assert device["hardware_id"] == "00-15-65-00-00-01"
    assert device["state"] in ("running", "succeeded")
    assert batch_id in run("batches").stdout
    assert "00-15-65-00-00-01" in run("batch", batch_id).stdout


def test_a_batch_nobody_knows(emulator: Running) -> None:
    done = run("batch", "nobody", "--json")
    assert done.exit_code == 1
    error = json.loads(done.stdout)["error"]
    assert error["message"]
    assert "siptui batches" in error["next"]
    for args in (("batch", "nobody", "--follow"), ("attach", "--batch", "nobody")):
        assert run(*args).exit_code != 0
        assert json.loads(run("runs", "--json").stdout)["runs"] == []


def test_a_recording_of_it(emulator: Running, tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    submit(emulator)
    assert run("batches", "--record", str(path)).exit_code == 0
    text = path.read_text()
    assert "batchsummaries" in text
    assert TOKEN not in text
    assert run("batches", "--record", str(path)).exit_code == 2


@pytest.mark.parametrize("command", [["batches"], ["batch", "x"]])
def test_without_a_token_a_sign_in_is_needed(
    command: list[str], emulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIPTUI_ACCESS_TOKEN")
    done = run(*command, "--no-input", "--json")
    assert done.exit_code == 4
    assert "auth login" in json.loads(done.stdout)["error"]["next"]


def test_without_a_profile_a_sign_in_is_needed() -> None:
    done = run("batches", "--no-input")
    assert done.exit_code == 4
    assert "profile" in done.stderr


@pytest.mark.parametrize(
    ("rule", "words"),
    [('accept = "listed"', "auth login"), ("role = false", "Privileged Authentication")],
)
def test_a_refused_token_and_a_missing_role_are_matters_of_sign_in(
    rule: str, words: str, own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_emulator(read_scenario(f"[auth]\n{rule}\n", "test.toml")) as running:
        configure(own_folders, running.url)
        monkeypatch.setenv("SIPTUI_ACCESS_TOKEN", TOKEN)
        done = run("batches")
    assert done.exit_code == 4
    assert words in done.stderr
    assert TOKEN not in done.output


def test_info_without_and_with_a_profile(own_folders: Path) -> None:
    found = json.loads(run("info", "--json").stdout)
    assert found["profile"] is None
    assert found["config"] == {
        "file": str(own_folders / "config" / "config.toml"),
        "exists": False,
    }
    configure(own_folders, "http://127.0.0.1:1")
    found = json.loads(run("info", "--json").stdout)
    assert found["profile"]["tenant"] == TENANT
    nothing = {"source": None, "store": None, "place": None, "encrypted": None}
    assert found["sign_in"] == nothing
    assert not (own_folders / "state").exists(), "looking makes nothing"
    assert "no one is signed in" in run("info").stdout


def test_info_names_a_profile_that_is_not_there() -> None:
    assert run("info", "--profile", "nobody").exit_code == 2


def test_doctor_tries_every_step_and_names_where_it_ends(emulator: Running) -> None:
    done = run("doctor", "--json")
    steps = {step["step"]: step for step in json.loads(done.stdout)["steps"]}
    passed = [name for name, step in steps.items() if step["result"] == "pass"]
    assert {"settings", "TLS, admin API", "clock", "sign-in", "discovery", "read"} <= set(passed)
    assert {f"{what}, inventory" for what in ("DNS", "proxy", "TLS")} <= set(passed)
    assert steps["TLS, authority"]["result"] == "fail"
    assert "refused" in steps["TLS, authority"]["detail"]
    assert done.exit_code == 1
    assert all(step["seconds"] >= 0 for step in steps.values())


def test_doctor_names_a_file_of_authorities_that_is_not_there(
    emulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/root.pem")
    done = run("doctor", "--json")
    last = json.loads(done.stdout)["steps"][-1]
    assert (last["step"], last["result"]) == ("authorities", "fail")
    assert "SSL_CERT_FILE" in last["detail"]
    assert done.exit_code == 2


def test_doctor_without_sign_in_tries_the_rest(
    emulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIPTUI_ACCESS_TOKEN")
    steps = {s["step"]: s["result"] for s in json.loads(run("doctor", "--json").stdout)["steps"]}
    assert steps["sign-in"] == "fail"
    assert steps["TLS, admin API"] == "pass"
    assert steps["read"] == "unknown"


def test_a_bundle_has_nobody_and_no_secret_in_it(
    emulator: Running, tmp_path: Path, own_folders: Path
) -> None:
    batch_id = submit(emulator)
    run("batch", batch_id, "--log-level", "debug")
    log = own_folders / "state" / "logs" / "siptui.log"
    planted = {"message": f"{ADMIN} 203.0.113.9 00-15-65-AA-BB-CC Bearer {TOKEN} +49 30 1234567"}
    with log.open("a") as file:
        file.write(json.dumps(planted) + "\n")
    path = tmp_path / "bundle.zip"
    done = run("doctor", "--bundle", str(path))
    assert str(path) in done.stdout
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as bundle:
        texts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert {"info.json", "doctor.json", "config.toml", "logs/siptui.log"} <= set(texts)
    assert json.loads(texts["info.json"])["version"]
    everything = "\n".join(texts.values()).casefold()
    for gone in (TOKEN, "alice", "contoso", "203.0.113", "00-15-65", "1234567", batch_id):
        assert gone.casefold() not in everything, gone
    assert run("doctor", "--bundle", str(path)).exit_code == 2


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("http://me:hidden@proxy.example:8080", "http://me:***@proxy.example:8080"),
        ("me:hidden@proxy.example:8080", "http://me:***@proxy.example:8080"),
        ("http://proxy.example:8080", "http://proxy.example:8080"),
        ("http://me:hid/den@proxy.example:8080", "http://me:***@proxy.example:8080"),
        ("http://me:hid@den@proxy.example:8080", "http://me:***@proxy.example:8080"),
        ("http://me:hidden", "an address that cannot be read"),
        ("socks5://me:hidden@[::1", "socks5://me:***@[::1"),
        ("", ""),
    ],
)
def test_the_password_of_a_proxy_is_hidden(proxy: str, shown: str) -> None:
    from siptui.transport.proxy import without_password

    assert without_password(proxy) == shown
