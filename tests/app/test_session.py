"""The sources of a session: which there are, and whose tokens they use."""

import asyncio
from pathlib import Path

import pytest

from siptui.app.session import Session, open_session
from siptui.domain.errors import SignInNeededError
from siptui.gateway.errors import GatewayError
from siptui.gateway.tenant_model import Inventory
from siptui.settings.load import load
from siptui.settings.model import BUILT_IN_CLOUDS
from tests.support.emulator import running_emulator


def configured(folder: Path, *further: str) -> None:
    path = folder / "config" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ['authority = "https://localhost:9"', 'admin_api = "http://127.0.0.1:9"', *further]
    cloud = "\n".join(lines)
    path.write_text(f'[profiles.a]\ntenant = "contoso.com"\ncloud = "lab"\n[clouds.lab]\n{cloud}\n')


def test_sources_are_those_whose_address_is_known(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIPTUI_ACCESS_TOKEN", "any")

    async def seen() -> tuple[bool, bool, bool]:
        async with open_session() as session:
            assert session.admin is session.admin, "made once: its calls are counted"
            return (
                session.directory is not None,
                session.inventory is not None,
                session.directory is session.directory,
            )

    configured(own_folders)
    assert asyncio.run(seen()) == (False, False, True)
    configured(own_folders, 'graph = "http://127.0.0.1:9"', 'devices = "http://127.0.0.1:9"')
    assert asyncio.run(seen()) == (True, True, True)
    assert load().clouds["lab"].devices == "http://127.0.0.1:9"
    assert BUILT_IN_CLOUDS["gcc"].devices == "https://admin.devicemgmt.teams.microsoft.com"
    assert BUILT_IN_CLOUDS["gcch"].devices is None


def test_each_source_has_a_token_or_says_that_it_has_none(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIPTUI_ACCESS_TOKEN", "any")

    async def roles(session: Session) -> frozenset[str]:
        assert session.directory
        return await session.directory.own_roles()

    async def devices(session: Session) -> int:
        inventory: Inventory | None = session.inventory
        assert inventory
        return len(await inventory.sip_devices())

    async def main() -> None:
        async with open_session() as session:
            assert await session.admin.bulk_sign_in() == "Enabled"
            with pytest.raises(SignInNeededError, match="no token for Microsoft Graph") as graph:
                await roles(session)
            assert "SIPTUI_GRAPH_TOKEN" in graph.value.remedy
            assert not isinstance(graph.value, GatewayError)
            with pytest.raises(SignInNeededError, match="no token for the device inventory"):
                await devices(session)
            assert session.directory
            assert session.directory.calls == 0, "nothing was sent"
        monkeypatch.setenv("SIPTUI_GRAPH_TOKEN", "any")
        monkeypatch.setenv("SIPTUI_DEVICES_TOKEN", "any")
        async with open_session() as session:
            assert await roles(session)
            assert await devices(session) == 39

    with running_emulator("prerequisites") as emulator:
        here = f'"{emulator.url}"'
        configured(own_folders, f"graph = {here}", f"devices = {here}")
        path = own_folders / "config" / "config.toml"
        path.write_text(path.read_text().replace('"http://127.0.0.1:9"', here))
        asyncio.run(main())
