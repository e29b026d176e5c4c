"""The emulated authority over TLS, with certificates of its own making."""

from pathlib import Path

import httpx
import pytest

from siptui.emulator.entra import CONTOSO, Entra, contoso
from siptui.emulator.entra_server import served
from siptui.emulator.entra_tls import throwaway_certificates
from siptui.transport.tls import trust


def test_trusted_through_the_environment_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = throwaway_certificates(tmp_path)
    assert files.key.stat().st_mode & 0o777 == 0o600
    app = Entra(contoso()).app()
    with served(app, certificate=files.certificate, key=files.key) as address:
        where = f"{address}/{CONTOSO}/v2.0/.well-known/openid-configuration"
        with (
            httpx.Client(verify=trust(), trust_env=False) as stranger,
            pytest.raises(httpx.ConnectError, match="certificate"),
        ):
            stranger.get(where)
        monkeypatch.setenv("SSL_CERT_FILE", str(files.authority))
        with httpx.Client(verify=trust(), trust_env=False) as browser:
            found = browser.get(where).json()
    assert found["token_endpoint"].startswith(address)
    with pytest.raises(httpx.ConnectError), httpx.Client(trust_env=False) as late:
        late.get(where)
