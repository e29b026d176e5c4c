"""A new profile goes into config.toml beside what is there."""

from pathlib import Path

import pytest

from siptui.domain.errors import UsageError
from siptui.domain.region import Region
from siptui.settings.folders import Folders
from siptui.settings.load import load
from siptui.settings.write import add_profile, rename_profile

OLD = """# our tenants
[profiles.a]  # the first
tenant = "a.example"
"""


@pytest.fixture
def where(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "config", tmp_path / "state", tmp_path / "logs")


def read(where: Folders) -> object:
    environ = {"SIPTUI_CONFIG_DIR": str(where.config), "SIPTUI_STATE_DIR": str(where.state)}
    return load(environ)


def test_the_first_profile_is_the_default(where: Folders) -> None:
    settings = add_profile(where, "contoso", "contoso.com", region=Region.APAC)
    assert settings.default_profile == "contoso"
    assert settings.profile(environ={}).region is Region.APAC
    assert where.config_file.stat().st_mode & 0o777 == 0o600
    assert where.config.stat().st_mode & 0o777 == 0o700


def test_a_further_profile_leaves_everything_else_alone(where: Folders) -> None:
    where.config.mkdir()
    where.config_file.write_text(OLD)
    settings = add_profile(where, "b", "b.example", cloud="gcc")
    assert where.config_file.read_text().startswith(OLD)
    assert settings.default_profile == ""
    assert list(settings.profiles) == ["a", "b"]
    assert settings.profiles["b"].cloud.name == "gcc"


def test_top_settings_stay_top_settings(where: Folders) -> None:
    where.config.mkdir()
    where.config_file.write_text('mouse = false\n[keys]\nsubmit = "S"')
    settings = add_profile(where, "a", "a.example")
    assert settings.default_profile == "a"
    assert settings.mouse is False
    assert settings.keys == {"submit": ("S",)}


def test_nothing_is_written_that_could_not_be_read(where: Folders) -> None:
    where.config.mkdir()
    where.config_file.write_text(OLD)
    for name, tenant in (("A", "x.example"), ("../x", "x.example"), ("x", "no such thing")):
        with pytest.raises(UsageError):
            add_profile(where, name, tenant)
    assert where.config_file.read_text() == OLD


def test_a_linked_configuration_stays_linked(where: Folders, tmp_path: Path) -> None:
    where.config.mkdir()
    kept = tmp_path / "dotfiles.toml"
    kept.write_text(OLD)
    where.config_file.symlink_to(kept)
    add_profile(where, "b", "b.example")
    assert where.config_file.is_symlink()
    assert "[profiles.b]" in kept.read_text()


@pytest.mark.parametrize("name", ["CON", "aux", "nul.example", "a."])
def test_no_profile_is_made_whose_folder_windows_could_not_have(where: Folders, name: str) -> None:
    with pytest.raises(UsageError, match="Windows") as caught:
        add_profile(where, name, "x.example")
    assert caught.value.code == "profile_name"
    assert not where.config_file.exists()
    add_profile(where, "a", "a.example")
    with pytest.raises(UsageError, match="Windows"):
        rename_profile(where, "a", name)
