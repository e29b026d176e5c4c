"""The support bundle tells what helps, and of nobody."""

import json
import os
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from siptui.cli.group import cli

_CONFIG = """
# ask Alice.Admin@contoso.com before changing this
default_profile = "ref"
theme = "siptui-dark"
notify_command = ["curl", "-H", "X-Api-Key: hunter2-key", "https://hooks.fabrikam.example/T0/B0/xyz"]
[profiles.ref]
tenant = "contoso.onmicrosoft.com"
cloud = "lab"
region = "EMEA"
batch_size = 20
client_id = "8f14e45f-ceea-467f-ab3c-1234567890ab"
public_ips = ["203.0.113.7/32"]
columns.username = "Fabrikam account"
[clouds.lab]
authority = "https://localhost:1"
admin_api = "http://127.0.0.1:9"
[clouds.fabrikam]
authority = "https://login.fabrikam.example"
admin_api = "https://sipgw.fabrikam.example:8443/api"
[keys]
quit = "Q"
"""
_LOG = """
{"level": "info", "message": "the connection was refused", "host": "sipgw.fabrikam.example:8443"}
{"level": "info", "message": "tried SIPGW.fabrikam.example for ref", "ref": "profile ref"}
no JSON: https://hooks.fabrikam.example/T0/B0/xyz answered, X-Api-Key: hunter2-key
"""
_GONE = ("hunter2", "x-api-key", "hooks", "t0/b0", "fabrikam", "contoso", "alice", "203.0.113")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIPTUI_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("SIPTUI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("SIPTUI_ACCESS_TOKEN", "any")
    (tmp_path / "config").mkdir(mode=0o700)
    (tmp_path / "state" / "logs").mkdir(parents=True, mode=0o700)
    (tmp_path / "state" / "logs" / "siptui.log").write_text(_LOG)
    return tmp_path


def _bundled(folder: Path, config: str) -> dict[str, str]:
    (folder / "config" / "config.toml").write_text(config)
    done = CliRunner().invoke(cli, ["doctor", "--bundle", str(folder / "bundle.zip")])
    assert (folder / "bundle.zip").exists(), done.output
    with zipfile.ZipFile(folder / "bundle.zip") as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def test_no_secret_and_no_owner_of_the_configuration_is_in_it(folder: Path) -> None:
    found = _bundled(folder, _CONFIG)
    for name, text in found.items():
        for gone in _GONE:
            assert gone not in text.casefold(), (name, gone)
    config = found["config.toml"]
    for kept in (
        'notify_command = ["curl", "…"]',
        'region = "EMEA"',
        "batch_size = 20",
        'quit = "Q"',
        'authority = "https://localhost:1"',
        ":8443/…",
    ):
        assert kept in config
    assert "was refused" in found["logs/siptui.log"]  # the profile “ref” is a word, not letters
    assert '"ref": "profile text-' in found["logs/siptui.log"]
    hosts = [json.loads(line) for line in found["logs/siptui.log"].splitlines()[1:2]]
    assert hosts[0]["host"].endswith(":8443")


@pytest.mark.parametrize(
    "config",
    [
        _CONFIG.replace('theme = "siptui-dark"', "theme = siptui"),  # no TOML
        _CONFIG.replace('"curl", ', "5, "),
        _CONFIG.replace('region = "EMEA"', 'tennant = "contoso.onmicrosoft.com"'),
        _CONFIG.replace("https://login", "ftp://login"),
        _CONFIG.replace(
            "default_profile", "notify_command = 'a \"b hunter2'\ndefault_profile"
        ).replace('notify_command = ["curl"', 'x = ["curl"'),
    ],
    ids=["no TOML", "list", "key", "address", "quotes"],
)
def test_neither_is_one_that_cannot_be_used(folder: Path, config: str) -> None:
    found = _bundled(folder, config)
    for name, text in found.items():
        for gone in _GONE:
            assert gone not in text.casefold(), (name, gone, text)
    assert "[clouds." in found["config.toml"]


def test_a_proxy_is_not_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://alice:hunter2@proxy.fabrikam.example:8080")
    (folder / "state" / "logs" / "crash.txt").write_text("proxy.fabrikam.example was not reached")
    found = _bundled(folder, _CONFIG)
    assert not [text for text in found.values() if "fabrikam" in text or "alice" in text]


def test_a_path_with_control_codes_is_told_in_clear_words(folder: Path) -> None:
    (folder / "config" / "config.toml").write_text(_CONFIG)
    path = folder / "a\x1b[31m\nSigned in.zip"
    done = CliRunner().invoke(cli, ["doctor", "--bundle", str(path)])
    assert "\x1b" not in done.output
    assert r"a\x1b[31m\x0aSigned in.zip" in done.output
    done = CliRunner().invoke(cli, ["doctor", "--bundle", str(path)])
    assert done.exit_code == 2
    assert "\x1b" not in done.output
    assert r"a\x1b[31m\x0aSigned in.zip exists already" in done.stderr
    for name in (b"\xff.zip", b"x" * 300, b"no/folder.zip"):
        done = CliRunner().invoke(cli, ["doctor", "--bundle", str(folder / os.fsdecode(name))])
        assert done.exit_code == (2 if len(name) > 5 else 1), done.output
