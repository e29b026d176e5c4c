"""The emulator on a real port: faults happen on the socket, and it ends when told to."""

import signal
import socket
import threading
from pathlib import Path

import pytest

from siptui.emulator.emulator import Emulator
from siptui.emulator.entra.beside import authority_beside
from siptui.emulator.server import PortError, make_server
from siptui.transport.tls import trust
from tests.emulator.support import TOKEN, devices, scenario
from tests.support.emulator import BULK, emulator_process, running_emulator
from tests.transport import web


def submit(url: str, timeout: float = 5) -> web.Response:
    body = [{"UserName": user, "HardwareId": hardware_id} for user, hardware_id in devices(100)]
    address = f"{url}{BULK}/createbatch?TargetRegion=EMEA"
    return web.post(address, json=body, headers=TOKEN, timeout=timeout)


def test_lines_break_for_real() -> None:
    kinds = [
        ("cut", "before", web.RemoteProtocolError),
        ("cut", "after", web.RemoteProtocolError),
        ("reset", "before", web.ReadError),
        ("refused", "before", web.ReadError),
        ("cut_body", "after", web.RemoteProtocolError),
    ]
    text = "".join(
        f'[[faults]]\ncall = "createbatch"\nkind = "{kind}"\nmoment = "{moment}"\ntimes = 1\n'
        for kind, moment, _ in kinds
    )
    with running_emulator(scenario(f'limits.over = "accept"\n{text}')) as running:
        for _, _, error in kinds:
            with pytest.raises(error):
                submit(running.url)
        assert submit(running.url).status_code == 200
        assert len(running.ask("ledger")["submits"]) == 3


def test_silence_lasts_until_the_client_gives_up_and_does_not_hold_up_the_end() -> None:
    text = '[[faults]]\ncall = "createbatch"\nkind = "hang"\nmoment = "after"'
    with running_emulator(scenario(text)) as running:
        with pytest.raises(web.ReadTimeout):
            submit(running.url, timeout=0.2)
        [entry] = running.ask("ledger")["submits"]
        assert len(entry["items"]) == 100


def test_an_outage_closes_the_port_and_ends() -> None:
    def refused(url: str) -> bool:
        try:
            web.get(f"{url}/_emulator/ledger")
        except web.TransportError as error:
            return isinstance(error, web.ConnectError)
        return False

    with running_emulator(speed=20) as running:
        now = running.ask("ledger")["now"]
        running.tell("faults", kind="refused", until=now + 6)
        tries = range(10_000)
        assert any(refused(running.url) for _ in tries), "the port closes"
        assert any(not refused(running.url) for _ in tries), "and opens again"
        assert running.ask("ledger")["submits"] == []


def test_no_part_of_an_answer_waits_for_an_acknowledgement() -> None:
    server, listener, url = make_server(Emulator("healthy"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        with web.Client() as client:
            assert client.get(f"{url}/_emulator/ledger").status_code == 200
            (connection,) = server.server_state.connections
            accepted = connection.transport.get_extra_info("socket")
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def test_a_port_in_use_is_named() -> None:
    with running_emulator() as running:
        port = int(running.url.rpartition(":")[2])
        with pytest.raises(PortError, match=f"127.0.0.1:{port} cannot be listened on: Address"):
            make_server(Emulator("healthy"), port)


def test_the_command_prints_its_address_first_serves_and_ends_cleanly() -> None:
    with emulator_process("--scenario", "healthy", "--speed", "1000") as (running, process):
        created = submit(running.url).json()
        assert created["batchItemsCount"] == 100
        running.tell("time", advance=3600)
        truths = running.ask("truth")["devices"]
        assert {truth["state"] for truth in truths} == {"signed_in"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_ctrl_c_ends_it_cleanly_even_at_once() -> None:
    with emulator_process() as (_, process):
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def _status(url: str, host: str, path: str = "/_emulator/ledger") -> int:
    return web.get(f"{url}{path}", headers={"Host": host}).status_code


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example"],
)
def test_it_answers_only_to_its_own_host(host: str) -> None:
    """A page in the operator's browser, whose name was made to lead here, is refused."""
    with running_emulator() as running:
        port = running.url.rpartition(":")[2]
        for own in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}"):
            assert _status(running.url, own) == 200
        assert _status(running.url, host.format(port=port)) == 421
        assert _status(running.url, host.format(port=port), f"{BULK}/batchsummaries") == 421
        assert not running.ask("ledger")["calls"]


def test_neither_does_the_authority_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with authority_beside(Emulator(), tmp_path) as beside:
        monkeypatch.setenv("SSL_CERT_FILE", str(beside.authority))
        path = "/common/v2.0/.well-known/openid-configuration"
        with web.Client(verify=trust(), trust_env=False) as browser:
            assert browser.get(f"{beside.address}{path}").status_code == 200
            evil = {"Host": "evil.example"}
            assert browser.get(f"{beside.address}{path}", headers=evil).status_code == 421
