"""Scenarios: read from TOML, and a slip of the pen is named with file and key."""

from collections import Counter
from pathlib import Path

import pytest

from siptui.domain.outcome import Cause
from siptui.emulator.account_rules import Account, Directory, Phone
from siptui.emulator.scenario import ScenarioError, load_scenario, read_scenario, scenario_names
from tests.emulator.support import mac, scenario

NAMES = {
    *("demo", "healthy", "lossy", "mixed", "odd-words", "role-ends", "prerequisites", "throttled"),
    "unprepared",
}


def test_the_packed_ones_are_readable_and_say_what_they_are() -> None:
    assert set(scenario_names()) == NAMES
    for name in NAMES:
        packed = load_scenario(name)
        assert packed.name == name
        assert packed.about


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\n[limits]\nlive = 2\n', "utf-8")
    assert load_scenario(str(path)).limits.live == 2
    assert load_scenario(path).name == "mine"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[wire]\ncasing = 'kebab'", "wire.casing"),
        ("[wire]\ncolour = 1", "wire: Object contains unknown field `colour`"),
        ("[[faults]]\nkind = 'cut'\n[[faults]]\nkind = 'bang'", "faults[1].kind"),
        ("[[faults]]\nkind = 'cut'\nprobability = 1.5", "faults[0].probability"),
        ("[[faults]]\nkind = 'status'", "faults[0].status"),
        ("[[faults]]\nkind = 'refused'\nmoment = 'after'", "faults[0].moment"),
        ("[[devices]]\nonline = 'no'", "devices[0].online"),
        ("[[devices]]\nregion = 'MARS'", "devices[0].region"),
        ("[[devices]]\nshare = 0.6\n[[devices]]\nshare = 0.6", "devices"),
        ("[timing]\ndevice = [90, 20]", "timing.device"),
        ("[[foreign]]\nat = 1", "foreign[0]"),
        ("colour = 1", "colour"),
        ("name = \n", "line 1"),
    ],
)
def test_what_is_wrong_is_named(text: str, named: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(text, "mine.toml")
    assert caught.value.message.startswith("mine.toml: ")
    assert named in caught.value.message


def test_a_scenario_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="healthy, lossy, mixed"):
        load_scenario("nothing")
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe4"')
    with pytest.raises(ScenarioError, match=r"latin\.toml"):
        load_scenario(tmp_path / "latin.toml")


def test_shares_are_about_as_great_as_said_and_never_overlap() -> None:
    text = "[[devices]]\nshare = 0.1\nonline = false\n[[devices]]\nshare = 0.2\ntrusted = false"
    directory = Directory(scenario(text), seed=4)
    phones = [directory.phone(mac(n), 0, 1) for n in range(5000)]
    counts = Counter((phone.online, phone.trusted is not False) for phone in phones)
    assert counts[(False, False)] == 0
    assert 400 < counts[(False, True)] < 600
    assert 850 < counts[(True, False)] < 1150
    again = Directory(scenario(text), seed=4)
    assert phones == [again.phone(mac(n), 0, 1) for n in range(5000)]


def test_patterns_match_names_in_any_case() -> None:
    text = """
        [[accounts]]
        match = ["lobby-*@contoso.com", "Kitchen@contoso.com"]
        number = false
        [[devices]]
        match = "00-15-65-*"
        online = false
    """
    directory = Directory(scenario(text), seed=1)
    lacking = [
        user
        for user in ("Lobby-7@CONTOSO.com", "kitchen@contoso.com", "lobby@contoso.com")
        if not directory.account(user, 0, 1).number
    ]
    assert lacking == ["Lobby-7@CONTOSO.com", "kitchen@contoso.com"]
    assert directory.account("other@contoso.com", 0, 1) == Account()
    assert directory.phone("00-04-F2-00-00-01", 0, 1) == Phone()
    assert not directory.phone(mac(1), 0, 1).online


def test_every_cause_a_scenario_can_make_has_its_text() -> None:
    from siptui.emulator.device_outcome import TEXTS

    of_siptui_itself = {Cause.BATCH_REJECTED, Cause.ANSWER_LOST, Cause.NO_RESULT, Cause.UNKNOWN}
    assert set(Cause) - of_siptui_itself >= set(TEXTS)
    assert len(TEXTS) == 14
