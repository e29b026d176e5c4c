"""The first run by keys: what is asked, and the profile that comes of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from siptui.app.new_profile import profile_name
from siptui.domain.region import Region
from siptui.settings.folders import Folders
from siptui.settings.load import load
from siptui.settings.model import BUILT_IN_CLOUDS
from siptui.settings.write import add_profile
from siptui.tui.first_run import FirstRun
from tests.tui.harness import ConsoleHarness
from tests.tui.scripted_runs import ScriptedRuns


def _app(folder: Path) -> FirstRun:
    where = Folders(folder / "config", folder / "state", folder / "logs")

    def make(tenant: str, cloud: str, region: Region | None) -> None:
        add_profile(where, profile_name(tenant), tenant, cloud=cloud, region=region)

    clouds = {name: cloud.note for name, cloud in BUILT_IN_CLOUDS.items()}
    return FirstRun(clouds, where.config_file, make)


@asynccontextmanager
async def _harness(app: FirstRun) -> AsyncIterator[ConsoleHarness]:
    async with app.run_test(size=(80, 24)) as pilot:
        harness = ConsoleHarness(pilot, cast(ScriptedRuns, None))  # there is no runs yet
        await harness.settle()
        yield harness


async def test_a_profile_is_made_by_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = _app(tmp_path)
    async with _harness(app) as harness:
        assert "siptui does not know your tenant yet" in harness.flat
        await harness.press("enter")
        harness.fill("not a tenant")
        await harness.press("enter")
        assert "neither an id" in harness.text
        harness.fill("contoso.com")
        await harness.press("enter")
        assert "The cloud of contoso.com" in harness.flat
        await harness.press("j", "enter")
        assert "region of rows that name none" in harness.flat
        await harness.press("j", "j", "enter")
    assert app.return_value == "profile"
    monkeypatch.setenv("SIPTUI_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("SIPTUI_STATE_DIR", str(tmp_path / "state"))
    profile = load().profile()
    assert (profile.name, profile.tenant) == ("contoso", "contoso.com")
    assert (profile.cloud.name, profile.region) == ("gcc", Region.EMEA)


async def test_the_demo_or_nothing_writes_nothing(tmp_path: Path) -> None:
    for keys, answer in ((("j", "enter"), "demo"), (("escape",), None)):
        app = _app(tmp_path)
        async with _harness(app) as harness:
            await harness.press(*keys)
        assert app.return_value == answer
    assert not (tmp_path / "config").exists()


def test_the_profile_has_a_name_for_people() -> None:
    assert profile_name("contoso.onmicrosoft.com") == "contoso"
    assert profile_name("11111111-2222-4333-8444-555555555555") == "default"
    assert profile_name("logs.example") == "default"
    assert profile_name("aux.example") == "default"


@pytest.mark.parametrize("key", ["q", "ctrl+c", "escape"])
async def test_every_question_can_be_left(tmp_path: Path, key: str) -> None:
    app = _app(tmp_path)
    async with _harness(app) as harness:
        await harness.press("enter", *"contoso.com", "enter", "enter")
        assert "region of rows that name none" in harness.flat
        await harness.press(key)
        assert "The cloud of contoso.com" in harness.flat
        await harness.press(key)
        assert "The tenant's id" in harness.flat
        if key == "q":  # a letter of a domain, but alone it is none
            assert "q and Enter goes back" in harness.flat
            harness.fill("")
            await harness.press("q", "enter")
        else:
            await harness.press(key)
        assert "does not know your tenant yet" in harness.flat
        await harness.press(key)
        assert app._exit
    assert app.return_value is None


async def test_ctrl_q_leaves_the_first_run(tmp_path: Path) -> None:
    app = _app(tmp_path)
    async with _harness(app) as harness:
        await harness.press("enter", "ctrl+q")
        assert app._exit
    assert app.return_value is None
