"""The tenant's own name: asked for at a sign-in, kept, and shown from then on."""

import json
import zipfile
from pathlib import Path

from tests.worker.signed_in import signed_in_installation

_NAME = '[tenant]\nname = "Fabrikam [Telephony]"\n'


def test_a_sign_in_learns_the_name_and_every_command_shows_it(tmp_path: Path) -> None:
    with signed_in_installation(tmp_path, _NAME) as installation:
        tenant = installation.selected.profile.tenant
        assert (
            json.loads(installation.run("info", "--json").stdout)["profile"]["tenant_name"] is None
        )
        installation.sign_in("--store", "file")
        assert json.loads(installation.run("info", "--json").stdout)["profile"]["tenant_name"] == (
            "Fabrikam [Telephony]"
        )
        assert f"Fabrikam [Telephony] ({tenant})" in installation.run("auth", "status").stdout
        assert installation.run("doctor", "--bundle", str(tmp_path / "bundle.zip")).exit_code == 0
        with zipfile.ZipFile(tmp_path / "bundle.zip") as bundle:
            parts = [bundle.read(name) for name in bundle.namelist()]
        assert parts
        assert not any(b"Fabrikam" in part for part in parts)
        kept = installation.folder / "state" / "lab" / "tenant.json"
        assert kept.stat().st_mode & 0o777 == 0o600
        kept.write_text('{"tenant": "another", "name": "Contoso"}')
        assert "Contoso" not in installation.run("auth", "status").stdout
        assert "the tenant is Fabrikam [Telephony]" in installation.run("doctor").stdout


def test_a_service_that_does_not_tell_the_name_hinders_nothing(tmp_path: Path) -> None:
    roles = '[auth]\nroles = ["Authentication Administrator"]\n'
    with signed_in_installation(tmp_path, roles) as installation:
        installation.sign_in("--store", "file")
        assert not (installation.folder / "state" / "lab" / "tenant.json").exists()
