"""An emulated authority over TLS on loopback, trusted through `SSL_CERT_FILE` alone."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from starlette.types import ASGIApp, Receive, Scope, Send

from siptui.emulator.entra.app import CONTOSO, Entra, contoso
from siptui.emulator.entra.grants import EntraState
from siptui.emulator.entra.server import served
from siptui.identity.registration import Registration


class EmulatedSleep:
    """Sleeping that takes no time; `naps` are the seconds asked for."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.naps: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.passed += seconds


@dataclass
class Authority:
    """The emulated authority: its state to play with, its address, the sleep of its clients."""

    state: EntraState
    address: str
    sleep: EmulatedSleep

    def registration(self, tenant: str = CONTOSO, client: str = "") -> Registration:
        return Registration(self.address, tenant, client)


@dataclass(frozen=True)
class Certificates:
    authority: Path
    certificate: Path
    key: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("tls")
    ca = trustme.CA()
    leaf = ca.issue_cert("localhost")
    files = Certificates(folder / "ca.pem", folder / "leaf.pem", folder / "leaf.key")
    ca.cert_pem.write_to_path(files.authority)
    leaf.cert_chain_pems[0].write_to_path(files.certificate)
    leaf.private_key_pem.write_to_path(files.key)
    return files


class Server:
    """One server for all tests; each test puts an authority of its own into it."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None
        self.address = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def server(certificates: Certificates) -> Iterator[Server]:
    server = Server()
    with served(
        server, certificate=certificates.certificate, key=certificates.key
    ) as server.address:
        yield server


@pytest.fixture
def authority(
    server: Server, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> Authority:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    sleep, began = EmulatedSleep(), time.time()
    state = contoso(clock=lambda: began + sleep.passed)
    server.app = Entra(state).app()
    return Authority(state, server.address, sleep)
