"""The hosts that siptui connects to are those of one table, whatever a service names."""

import csv
import io
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from siptui.cli.group import cli
from siptui.settings.hosts import hosts_of
from siptui.settings.model import BUILT_IN_CLOUDS
from tests.support.late_start import AFTER_IMPORTS
from tests.worker.installation import json_lines, write_list
from tests.worker.signed_in import SignedInInstallation, signed_in_installation

#: Runs in every process of siptui: notes each connection and each look-up of a name.
_NOTING = """
import os, sys
sys.path.insert(0, {quick!r})
import runpy
runpy.run_path({quick!r} + "/sitecustomize.py")

def _note(event, args):
    if event == "socket.connect" and isinstance(args[1], tuple):
        what = f"connect {{args[1][0]}} {{args[1][1]}}"
    elif event == "socket.getaddrinfo":
        host = args[0].decode() if isinstance(args[0], bytes) else args[0]
        what = f"look-up {{host}} {{args[1]}}"
    else:
        return
    fd = os.open({file!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, f"{{what}}\\n".encode())
    os.close(fd)

sys.addaudithook(_note)
"""
_LOCAL = {"127.0.0.1", "::1", "localhost"}


Place = tuple[str, int]


def _own_name(host: str) -> str:
    """This machine has one name here."""
    return "localhost" if host in _LOCAL else host


def _table(installation: SignedInInstallation) -> set[Place]:
    said = json.loads(installation.run("info", "--hosts", "--json").stdout)
    return {(_own_name(one["host"]), one["port"]) for one in said["hosts"]}


def _noted(installation: SignedInInstallation) -> set[Place]:
    """Host and port of every connection and look-up; a look-up without a port must be of a host
    of the table."""
    found: set[Place] = set()
    known = {host for host, _ in _table(installation)}
    for line in (installation.folder / "noted").read_text().splitlines():
        _, host, port = line.split()
        if port == "None":
            assert _own_name(host) in known
        else:
            found.add((_own_name(host), int(port)))
    return found


def _watched(installation: SignedInInstallation, begin: str = AFTER_IMPORTS) -> None:
    folder = installation.folder / "noting"
    folder.mkdir()
    text = _NOTING.format(
        quick=installation.env["PYTHONPATH"], file=str(installation.folder / "noted")
    )
    (folder / "sitecustomize.py").write_text(begin + text)
    installation.env["PYTHONPATH"] = str(folder)
    config = installation.folder / "config" / "config.toml"
    own = installation.emulator.url
    installation.authority.resources.add(own)
    with config.open("a") as file:  # the last table is that of the cloud
        file.write(f'graph = "{own}"\ndevices = "{own}"\n')


def _ended(installation: SignedInInstallation, *args: str) -> tuple[int, str]:
    with installation.process(*args) as process:
        out, _ = process.communicate(timeout=120)
    return process.returncode, out


def test_a_whole_story_connects_to_no_other_host(tmp_path: Path) -> None:
    with signed_in_installation(tmp_path) as installation:
        _watched(installation, begin="")  # what is done while modules are imported, too
        installation.sign_in("--store", "file")
        file = str(write_list(tmp_path / "phones.csv", range(1, 5)))
        code, out = _ended(
            installation, "run", file, "--region", "EMEA", "--preflight", "--yes", "--json"
        )
        assert code == 0, out
        assert json_lines(out)[-1]["succeeded"] == 4
        for args in (("preflight", file, "--json"), ("status", file, "--json"), ("doctor",)):
            code, out = _ended(installation, *args)
            assert out, (args, code)
        noted = _noted(installation)
        assert noted == _table(installation)


_REDIRECTS = """
[[faults]]
kind = "redirect"
status = 307
"""


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    with signed_in_installation(tmp_path, _REDIRECTS, quick=100) as installation:
        _watched(installation)
        installation.sign_in("--store", "file")
        file = str(write_list(tmp_path / "phones.csv", range(1, 5)))
        for args in (("batches", "--json"), ("preflight", file, "--json"), ("doctor",)):
            code, _ = _ended(installation, *args)
            assert code != 0, args
        assert _noted(installation) <= _table(installation)


@pytest.mark.parametrize("port", ["", ":444"])
def test_an_authority_that_names_another_host_gets_no_sign_in(tmp_path: Path, port: str) -> None:
    with signed_in_installation(tmp_path, quick=100) as installation:
        _watched(installation)
        installation.sign_in("--store", "file")
        installation.authority.issuer.revoke()
        elsewhere = f"https://{'localhost' if port else 'elsewhere.invalid'}{port}"
        installation.authority.endpoints_at = elsewhere
        code, out = _ended(installation, "batches", "--json")
        assert code == 1, out
        assert "names" in json.loads(out)["error"]["message"]
        code, out = _ended(installation, "auth", "login", "--json", "--no-input", "--store", "file")
        assert code == 1, out
        assert json.loads(out)["error"]["code"] == "authority_elsewhere"
        assert _noted(installation) <= _table(installation)


def test_the_table_is_that_of_the_cloud(own_folders: Path) -> None:
    config = own_folders / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    for name, cloud in BUILT_IN_CLOUDS.items():
        config.write_text(f'[profiles.one]\ntenant = "contoso.com"\ncloud = "{name}"\n')
        given = [cloud.admin_api, cloud.authority, cloud.graph, cloud.devices]
        wanted = [urlsplit(one).hostname for one in given if one]
        said = json.loads(CliRunner().invoke(cli, ["info", "--hosts", "--json"]).stdout)
        assert said["cloud"] == name
        assert [one["host"] for one in said["hosts"]] == wanted
        assert {one["port"] for one in said["hosts"]} == {443}
        text = CliRunner().invoke(cli, ["info", "--hosts", "--csv"]).stdout
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["host"] for row in rows] == wanted
        told = CliRunner().invoke(cli, ["info", "--hosts"]).stdout
        assert all(f"{host}:443" in told for host in wanted)
        assert max(map(len, told.splitlines())) < 80
        assert all(one.purpose and one.needed for one in hosts_of(cloud))


def test_without_a_profile_it_is_the_public_cloud(own_folders: Path) -> None:
    said = json.loads(CliRunner().invoke(cli, ["info", "--hosts", "--json"]).stdout)
    assert said["cloud"] == "public"
    assert CliRunner().invoke(cli, ["info", "--csv"]).exit_code == 2
