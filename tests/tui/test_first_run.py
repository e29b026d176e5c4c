"""The first run by keys: what is asked, and the profile that comes of it."""

import asyncio
from pathlib import Path

import pytest
from textual.widgets import Input

from siptui.commands.first_run import profile_name
from siptui.domain.region import Region
from siptui.settings import BUILT_IN_CLOUDS, Folders, add_profile, load
from siptui.tui.dialogs.ask import Choice, Prompt
from siptui.tui.first_run import FirstRun


def _app(folder: Path) -> FirstRun:
    where = Folders(folder / "config", folder / "state", folder / "logs")

    def make(tenant: str, cloud: str, region: Region | None) -> None:
        add_profile(where, profile_name(tenant), tenant, cloud=cloud, region=region)

    clouds = {name: cloud.note for name, cloud in BUILT_IN_CLOUDS.items()}
    return FirstRun(clouds, where.config_file, make)


async def _until(app: FirstRun, kind: type, *, other: object = None) -> None:
    for _ in range(500):
        if isinstance(app.screen, kind) and app.screen is not other and app.screen.focused:
            await asyncio.sleep(0.01)
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{app.screen!r} is not a new {kind.__name__}")


async def test_a_profile_is_made_by_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = _app(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await _until(app, Choice)
        await pilot.press("enter")
        await _until(app, Prompt)
        app.screen.query_one(Input).value = "not a tenant"
        await pilot.press("enter")
        assert isinstance(app.screen, Prompt)
        app.screen.query_one(Input).value = "contoso.com"
        await pilot.press("enter")
        await _until(app, Choice)
        cloud = app.screen
        await pilot.press("j", "enter")
        await _until(app, Choice, other=cloud)
        await pilot.press("j", "j", "enter")
    assert app.return_value == "profile"
    monkeypatch.setenv("SIPTUI_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("SIPTUI_STATE_DIR", str(tmp_path / "state"))
    profile = load().profile()
    assert (profile.name, profile.tenant) == ("contoso", "contoso.com")
    assert (profile.cloud.name, profile.region) == ("gcc", Region.EMEA)


async def test_the_demo_or_nothing_writes_nothing(tmp_path: Path) -> None:
    for keys, answer in ((("j", "enter"), "demo"), (("escape",), None)):
        app = _app(tmp_path)
        async with app.run_test(size=(80, 24)) as pilot:
            await _until(app, Choice)
            await pilot.press(*keys)
        assert app.return_value == answer
    assert not (tmp_path / "config").exists()


def test_the_profile_has_a_name_for_people() -> None:
    assert profile_name("contoso.onmicrosoft.com") == "contoso"
    assert profile_name("11111111-2222-4333-8444-555555555555") == "default"
    assert profile_name("logs.example") == "default"
