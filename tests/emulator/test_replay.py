"""A run on an emulated tenant, recorded; then the same run again, on nothing but the recording."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.user_name import UserName
from siptui.emulator.emulator import Emulator
from siptui.emulator.recording import RecordingError, load_recording
from siptui.emulator.replay import replaying
from siptui.emulator.scenario import Scenario, read_scenario
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.logs.pseudonyms import Pseudonyms
from siptui.runs.engine.engine import Engine
from siptui.runs.events import Options
from siptui.runs.run_log import RunLog
from siptui.runs.service import RunService
from siptui.runs.state_load import load
from siptui.transport import Watcher, open_client
from siptui.transport.recorder import Recorder
from tests.runs.engine.engine_harness import devices
from tests.support import emulated_time

#: Everything that can befall a submit and a read, beside phones that fail for reasons of theirs.
HARD = """
[[devices]]
share = 0.2
online = false

[[devices]]
share = 0.1
duplicates = ["00-15-65-AA-BB-CC"]

[[devices]]
share = 0.1
trusted = false
public_ip = "203.0.113.77"

[[faults]]
call = "createbatch"
kind = "cut"
moment = "after"
nth = 2

[[faults]]
call = "createbatch"
kind = "status"
status = 429
retry_after = 40
nth = [4, 5]

[[faults]]
call = "createbatch"
kind = "refused"
nth = 6

[[faults]]
call = "batchstatus"
kind = "hang"
nth = 3

[[faults]]
call = "batchstatus"
kind = "cut_body"
nth = 9

[[faults]]
call = "batchstatus"
kind = "html"
nth = 11

[[faults]]
call = "batchsummaries"
kind = "status"
status = 503
nth = 5

[[foreign]]
at = 1
region = "EMEA"
"""
TOKEN = "test-token"


class _Token:
    async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
        return TOKEN


Ends = dict[str, tuple[str, str]]


def ends(
    journal: Path,
    emulator: Emulator,
    wanted: Sequence[Device],
    options: Options,
    *watchers: Watcher,
    seed: int = 3,
) -> Ends:
    """State and cause of every device at the end of a run on `emulator`, by hardware id."""

    async def main() -> Ends:
        run_service = RunService(journal, tenant="Contoso", now=emulated_time.now)
        run = run_service.create(wanted, file="list.csv", sha256="", skipped=0, options=options)
        async with open_client(transport=emulator.transport(), watchers=watchers) as http:
            client = BulkSignInClient(http, "https://emulator.invalid", _Token())
            run_log = RunLog(run_service.journal, run, emulated_time.now)
            await Engine(run_log, client, rng=random.Random(seed)).run()
        return {
            str(record.device.hardware_id): (
                str(record.state),
                str(record.outcome.cause) if record.outcome else "",
            )
            for record in load(run_service.journal, run).devices
        }

    return emulated_time.run(main())


def recorded(
    folder: Path, scenario: Scenario | str, wanted: Sequence[Device], options: Options
) -> tuple[Path, Ends, Pseudonyms]:
    """A recording of a run, how the run ended, and whose stand-ins are in it."""
    path, stand_ins = folder / "run.jsonl", Pseudonyms(b"known to this test")
    emulator = Emulator(scenario, seed=3, epoch=emulated_time.START)
    with Recorder(path, stand_ins) as recorder:
        end = ends(folder / "first.db", emulator, wanted, options, recorder)
    return path, end, stand_ins


def again(
    folder: Path,
    path: Path,
    wanted: Sequence[Device],
    options: Options,
    seed: int,
    *,
    on_port: bool = False,
) -> Ends:
    """How the run ends on the recording."""
    emulator = Emulator("healthy", epoch=emulated_time.START)
    replaying(load_recording(path), emulator, on_port=on_port)
    return ends(folder / "again.db", emulator, wanted, options, seed=seed)


def seen_in(path: Path) -> list[Device]:
    """The device list out of a recording."""
    return [
        Device(line, UserName.parse(user), HardwareId.parse(hardware_id), region)
        for line, (user, hardware_id, region) in enumerate(load_recording(path).devices(), 2)
    ]


WANTED = devices(32, [Region.EMEA, Region.NOAM])
OPTIONS = Options(batch_size=8)


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ends, Pseudonyms]:
    """A run that met everything, recorded."""
    folder = tmp_path_factory.mktemp("hard")
    return recorded(folder, read_scenario(HARD, "hard.toml"), WANTED, OPTIONS)


def test_a_run_ends_the_same_on_its_recording(
    tmp_path: Path, hard: tuple[Path, Ends, Pseudonyms]
) -> None:
    path, first, stand_ins = hard
    states = {state for state, _ in first.values()}
    assert {"succeeded", "failed"} <= states, "the run has something to lose"
    met = {
        (one.call, one.failure or one.status, one.sent) for one in load_recording(path).exchanges
    }
    assert {
        ("createbatch", "broken", True),
        ("createbatch", "broken", False),
        ("createbatch", 429, True),
        ("batchstatus", "timeout", True),
        ("batchsummaries", 503, True),
    } <= met
    seen = seen_in(path)
    assert len(seen) == len(WANTED)
    same = {stand_ins.hardware_id(mac): end for mac, end in first.items()}
    assert again(tmp_path, path, seen, OPTIONS, 4) == same


@pytest.mark.parametrize("on_port", [False, True])
def test_so_it_does_by_the_names_it_had(
    tmp_path: Path, hard: tuple[Path, Ends, Pseudonyms], on_port: bool
) -> None:
    path, first, _ = hard
    assert again(tmp_path, path, WANTED, OPTIONS, 5, on_port=on_port) == first


@pytest.mark.parametrize("scenario", ["odd-words", "lossy"])
def test_every_way_of_writing_is_replayed(tmp_path: Path, scenario: str) -> None:
    wanted = devices(18, [Region.APAC, Region.EMEA])
    options = Options(batch_size=4)
    path, first, stand_ins = recorded(tmp_path, scenario, wanted, options)
    same = {stand_ins.hardware_id(mac): end for mac, end in first.items()}
    assert again(tmp_path, path, seen_in(path), options, 3) == same


def test_nobody_and_nothing_secret_is_in_it(hard: tuple[Path, Ends, Pseudonyms]) -> None:
    path, *_ = hard
    text = path.read_text().casefold()
    told = read_scenario(HARD, "hard.toml")
    gone = {TOKEN, "contoso", "203.0.113.77", "00-15-65-aa-bb-cc", told.tenant.id, told.auth.user}
    gone |= {foreign.user for foreign in told.foreign}
    for device in WANTED:
        mac = str(device.hardware_id)
        gone |= {str(device.user_name), device.user_name.partition("@")[0] + "@"}
        gone |= {mac, mac.replace("-", ":"), mac.replace("-", "")}
    assert not [word for word in gone if word.casefold() in text]
    for line in path.read_text().splitlines()[1:]:
        headers = json.loads(line).get("request_headers", {})
        assert headers.get("Authorization", "…") == "…"


def test_a_submit_that_was_taken_is_not_taken_twice(tmp_path: Path) -> None:
    wanted = devices(3)
    path, *_ = recorded(tmp_path, "healthy", wanted, Options())

    async def main() -> list[int]:
        emulator = replaying(load_recording(path), Emulator("healthy"))
        item = [{"UserName": d.user_name, "HardwareId": d.hardware_id} for d in wanted]
        from tests.transport import web

        async with web.client_of(emulator, base_url="http://emulator.invalid") as client:
            where = "/Teams.SipDevicesGatewayManagement/v1/createbatch?TargetRegion=EMEA"
            key = {"Authorization": "Bearer x"}
            answers = [
                await client.post(where, json=item),
                await client.post(where, json=item, headers=key),
                await client.post(where, json=item, headers=key),
                await client.post(where.replace("EMEA", "APAC"), json=item, headers=key),
            ]
        return [answer.status_code for answer in answers]

    assert emulated_time.run(main()) == [401, 200, 400, 400]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: it does not begin as"),
        ("{}", "line 1: it does not begin as"),
        ('{"siptui_recording": 2}', "line 1: its format is not 1"),
        ('{"siptui_recording": 1}\n[]', "line 2: no JSON object"),
        ('{"siptui_recording": 1}\n{}', "line 2: not an exchange"),
        ('{"siptui_recording": 1}\n{"call"\n{}', "line 2: no JSON"),
        ('{"siptui_recording": 1}\n{"call":"read","path":"/","method":"GET","status":7}', "line 2"),
    ],
)
def test_what_is_no_recording_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(text)
    with pytest.raises(RecordingError, match=words):
        load_recording(path)
    with pytest.raises(RecordingError, match="No such file"):
        load_recording(tmp_path / "nothing")


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path, *_ = recorded(tmp_path, "healthy", devices(3), Options())
    whole = load_recording(path).exchanges
    path.write_text(path.read_text()[:-20])
    assert len(load_recording(path).exchanges) == len(whole) - 1
