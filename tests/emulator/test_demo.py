"""The demo tenant: its list is sound, and every documented error is met in it."""

import csv
import io
from collections import Counter

import pytest

from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.outcome import Cause, explain
from siptui.domain.plan import make_batches
from siptui.domain.region import Region
from siptui.domain.user_name import UserName
from siptui.emulator.demo import DEMO_SCENARIO, DEMOS, demo_list
from siptui.emulator.device_outcome import TEXTS
from siptui.emulator.scenario import load_scenario
from tests.emulator.support import calling
from tests.support import emulated_time


def _rows() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(demo_list().decode("utf-8"))))


#: The site of each line, and which of them is done already, which fails.
SITES = {line: row["Site"] for line, row in enumerate(_rows(), 2)}
DONE, FAILS = "Sydney Barangaroo", "Chicago Wacker"


def demo_devices() -> list[Device]:
    rows = _rows()
    return [
        Device(
            line,
            UserName.parse(row["Username"]),
            HardwareId.parse(row["HardwareId"]),
            Region.parse(row["Region"]),
        )
        for line, row in enumerate(rows, 2)
    ]


def test_of_three_sites_one_is_done_one_fails_and_one_is_new() -> None:
    async def main() -> None:
        async with calling(load_scenario(DEMO_SCENARIO)) as caller:
            answer = await caller.client.get("/_emulator/truth")
            signed_in = answer.json()["phones"]
            devices = demo_devices()
            done = [d for d in devices if signed_in.get(str(d.hardware_id)) == d.user_name]
            assert {SITES[d.line] for d in done} == {DONE}
            assert len(done) == sum(SITES[d.line] == DONE for d in devices)
            fails = [d for d in devices if SITES[d.line] == FAILS]
            items = [(str(d.user_name), str(d.hardware_id)) for d in fails]
            errors = await caller.errors(items, fails[0].region)
            assert {explain(error).cause for error in errors if error} == {Cause.IP_NOT_TRUSTED}
            assert None not in errors

    emulated_time.run(main())


def test_the_list_is_sound() -> None:
    devices = demo_devices()
    assert len(devices) == 60
    assert len({device.user_name.key for device in devices}) == 60
    assert {device.region for device in devices} == set(Region)
    assert len(set(SITES.values())) == 3


def test_every_documented_error_is_met_and_some_pass_by_the_second_attempt() -> None:
    async def main() -> None:
        async with calling(load_scenario(DEMO_SCENARIO)) as caller:

            async def run(devices: list[Device]) -> dict[Device, str | None]:
                errors: dict[Device, str | None] = {}
                for batch in make_batches(devices):
                    items = [(str(d.user_name), str(d.hardware_id)) for d in batch.devices]
                    results = await caller.errors(items, batch.region)
                    errors.update(zip(batch.devices, results, strict=True))
                return errors

            first = await run([d for d in demo_devices() if SITES[d.line] != DONE])
            failed = [device for device, error in first.items() if error]
            causes = Counter(explain(error).cause for error in first.values() if error)
            assert set(causes) == {*TEXTS, Cause.UNKNOWN}
            assert causes[Cause.UNKNOWN] == 2  # words of no table are the exception, not the rule
            assert 15 <= len(failed) <= 30
            second = await run(failed)
            assert 0 < sum(error is None for error in second.values()) < len(failed)
            assert not [v for v in caller.ledger.violations if v.batch_id]

    emulated_time.run(main())


def test_every_rule_of_the_scenario_speaks_of_a_device_of_the_list() -> None:
    import fnmatch

    scenario = load_scenario(DEMO_SCENARIO)
    devices = demo_devices()
    users = [device.user_name.key for device in devices]
    hardware = [str(device.hardware_id) for device in devices]
    for rules, names in ((scenario.accounts, users), (scenario.devices, hardware)):
        for rule in rules:
            patterns = [rule.match] if isinstance(rule.match, str) else rule.match
            for pattern in patterns:
                assert fnmatch.filter(names, pattern), pattern


@pytest.mark.parametrize(("scenario", "phones"), (dict.fromkeys(DEMOS, 40) | {"demo": 60}).items())
def test_each_demo_has_phones(scenario: str, phones: int) -> None:
    assert len(demo_list(scenario).decode().splitlines()) == phones + 1


def test_a_scenario_for_any_list_has_none_of_its_own() -> None:
    assert demo_list("mixed") == b""
