"""`siptui urls` as it is called."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from siptui.cli.group import cli

TENANT = "1b2c3d4e-5f60-4718-89ab-cdef01234567"
KEYS = {"region", "vendor", "device", "url", "dhcp_option", "source", "confidence"}


def _siptui(*args: str) -> Result:
    return CliRunner().invoke(cli, ["urls", *args])


def test_json_has_the_shape_of_the_interface() -> None:
    result = _siptui("--json", "--tenant", TENANT.upper())
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert set(found) == {"tenant", "urls"}
    assert found["tenant"] == TENANT
    assert len(found["urls"]) == 3 * 8
    assert all(set(url) == KEYS for url in found["urls"])


def test_without_a_tenant_the_plain_ones_and_a_hint() -> None:
    assert json.loads(_siptui("--json").stdout)["tenant"] is None
    text = _siptui().stdout
    assert "http://apac.ipp.sdg.teams.microsoft.com/$PSN.xml" in text
    assert "--tenant GUID" in text
    assert "tenantid" not in text


def test_region_and_vendor_in_any_case_narrow_it() -> None:
    result = _siptui("--region", "emea", "--vendor", "cisco", "--json", "--tenant", TENANT)
    assert [url["url"] for url in json.loads(result.stdout)["urls"]] == [
        f"http://emea.ipp.sdg.teams.microsoft.com/tenantid/{TENANT}/$PSN.xml",
        f"http://emea.ipp.sdg.teams.microsoft.com/tenantid/{TENANT}/mac.cfg",
    ]


def test_a_vendor_without_a_documented_url_is_told_about() -> None:
    result = _siptui("--vendor", "snom")
    assert result.exit_code == 0
    assert "no URL form is documented" in result.stdout
    assert "http://" not in result.stdout


@pytest.mark.parametrize(
    "args",
    [
        ["--tenant", "contoso.onmicrosoft.com"],
        ["--tenant", ""],
        ["--tenant", TENANT, "--language", "de"],
        ["--language", "xx"],
        ["--vendor", "Grandstream"],
        ["--region", "MARS"],
    ],
)
def test_what_is_not_documented_is_wrong_usage(args: list[str]) -> None:
    assert _siptui(*args).exit_code == 2
    error = json.loads(_siptui(*args, "--json").stdout)["error"]
    assert set(error) == {"code", "message", "next"}


def test_output_is_never_over_a_file_unless_forced(tmp_path: Path) -> None:
    target = tmp_path / "urls.txt"
    assert _siptui("--output", str(target)).exit_code == 0
    assert "ipp.sdg.teams.microsoft.com" in target.read_text()
    target.write_text("mine")
    assert _siptui("--output", str(target)).exit_code == 2
    assert target.read_text() == "mine"
    assert _siptui("--output", str(target), "--force", "--json").exit_code == 0
    assert "urls" in json.loads(target.read_text())
    assert _siptui("--output", str(tmp_path / "no" / "folder")).exit_code == 1


def _configured(folder: Path, tenant: str) -> None:
    (folder / "config").mkdir(parents=True)
    text = f'default_profile = "one"\n[profiles.one]\ntenant = "{tenant}"\n'
    (folder / "config" / "config.toml").write_text(text)


def test_the_tenant_of_the_profile_serves(own_folders: Path) -> None:
    _configured(own_folders, TENANT)
    assert json.loads(_siptui("--json").stdout)["tenant"] == TENANT
    other = TENANT.replace("1b", "2b")
    assert json.loads(_siptui("--json", "--tenant", other).stdout)["tenant"] == other
    assert json.loads(_siptui("--json", "--language", "de").stdout)["tenant"] is None
    assert _siptui("--profile", "two").exit_code == 2


def test_a_profile_that_names_a_domain_is_said_to(own_folders: Path) -> None:
    _configured(own_folders, "contoso.com")
    result = _siptui("--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["tenant"] is None
    assert "--tenant GUID" in result.stderr
