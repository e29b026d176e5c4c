"""The emulated authority over TLS, with certificates of its own making."""

import asyncio
from pathlib import Path

import pytest

from siptui.emulator.emulator import Emulator
from siptui.emulator.entra.app import CONTOSO, Entra, contoso
from siptui.emulator.entra.beside import authority_beside
from siptui.emulator.entra.server import served
from siptui.emulator.entra.tls import throwaway_certificates
from siptui.emulator.entra.tokens import TEAMS_API, TEAMS_MODULE
from siptui.transport.tls import trust
from tests.transport import web


def test_trusted_through_the_environment_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = throwaway_certificates(tmp_path)
    assert files.key.stat().st_mode & 0o777 == 0o600
    app = Entra(contoso()).app()
    with served(app, certificate=files.certificate, key=files.key) as address:
        where = f"{address}/{CONTOSO}/v2.0/.well-known/openid-configuration"
        with (
            web.Client(verify=trust(), trust_env=False) as stranger,
            pytest.raises(web.ConnectError, match="certificate"),
        ):
            stranger.get(where)
        monkeypatch.setenv("SSL_CERT_FILE", str(files.authority))
        with web.Client(verify=trust(), trust_env=False) as browser:
            found = browser.get(where).json()
    assert found["token_endpoint"].startswith(address)
    with pytest.raises(web.ConnectError), web.Client(trust_env=False) as late:
        late.get(where)


def test_beside_a_tenant_it_opens_that_tenant(tmp_path: Path) -> None:
    emulator = Emulator()
    tenant = emulator.scenario.tenant
    with authority_beside(emulator, tmp_path) as beside:
        state = beside.state
        assert state.tenant_of(tenant.domain) == tenant.id
        tokens = [
            state.issuer.access_token(user, TEAMS_MODULE, TEAMS_API, beside.address)
            for user in state.users
        ]

        def status(token: str) -> int:
            headers = {"authorization": f"Bearer {token}"}
            path = "/Teams.SipDevicesGatewayManagement/v1/batchsummaries"

            async def ask() -> int:
                base = "https://emulator.invalid"
                async with web.client_of(emulator, base_url=base) as client:
                    return (await client.get(path, headers=headers)).status_code

            return asyncio.run(ask())

        assert [status(token) for token in tokens] == [200, 403, 200]
        assert status("any-other") == 200
        state.issuer.revoke()
        assert status(tokens[0]) == 401
    assert emulator.access.verify is None
