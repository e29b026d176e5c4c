"""What the console says of findings made by hand."""

from datetime import UTC, datetime

import pytest

from siptui.domain.outcome import OUTCOMES, Cause
from siptui.domain.user_name import UserName
from siptui.preflight.finding import AccountFindings, Check, Finding, Report, Result
from siptui.runs.state import DeviceRecord
from siptui.tui import preflight_text
from siptui.tui.console import details
from siptui.tui.widgets.text_lines import plain
from tests.support.replace import replace
from tests.tui.scripted_runs import make_devices

DEVICES = make_devices(4)
MADE = datetime(2026, 3, 2, 14, 2, tzinfo=UTC)
GOOD = Finding(Check.EXISTS, Result.PASS, "It exists.")
MFA = Finding(
    Check.MFA,
    Result.FAIL,
    "Per-user MFA is enforced.",
    "Turn it off.",
    "Set-Mg -User x",
    lead_time_hours=24,
    since=MADE,
)
DENIED = Finding(Check.LICENCE, Result.UNKNOWN, "Needs User.Read.All.")
LATE = Finding(Check.CALLING_POLICY, Result.PASS, "Changed just now.", warning=True)


def _row(place: int, *found: Finding, personal: bool = False) -> AccountFindings:
    device = DEVICES[place]
    name, hardware_id = str(device.user_name), str(device.hardware_id)
    return AccountFindings(device.line, name, hardware_id, (GOOD, *found), personal)


def _report(*rows: AccountFindings, tenant: tuple[Finding, ...] = ()) -> Report:
    return Report(tenant, rows, MADE)


def test_the_cell_says_how_many_of_the_worst_kind() -> None:
    assert preflight_text.cell(_row(0)) == ("✓", "ok")
    assert preflight_text.cell(_row(0, LATE)) == ("!", "unknown")
    assert preflight_text.cell(_row(0, MFA, DENIED)) == ("✗ 1: mfa", "failed")
    assert preflight_text.cell(_row(0, DENIED, DENIED)) == ("? 2: licence", "unknown")
    assert preflight_text.cell(_row(0, MFA, personal=True)) == ("✗ 1 P: mfa", "failed")
    assert preflight_text.cell(None)[0] == ""


def test_the_sentence_counts_accounts_and_names_the_time() -> None:
    rows = (_row(0, MFA), _row(1, DENIED), _row(2))
    said = preflight_text.sentence(_report(*rows, tenant=(MFA, DENIED)), DEVICES, "p")
    assert said == (
        "1 account fails, 1 could not be checked, 1 row not looked at, the tenant fails 1 check, "
        "1 check of the tenant could not be made; checked 14:02 UTC"
    )
    assert preflight_text.sentence(_report(*rows), DEVICES[2:3], "p") == (
        "nothing fails; checked 14:02 UTC"
    )
    assert preflight_text.sentence(None, DEVICES, "p") == "not checked (p)"


def test_the_lines_of_a_row_have_remedy_lead_time_and_powershell() -> None:
    row = _row(0, DENIED, MFA)
    text = "\n".join(plain(line) for line in preflight_text.account_lines(row, _report(row)))
    assert text.index("✗ mfa: Per-user MFA is enforced.") < text.index("? licence: Needs User")
    assert "Turn it off." in text
    assert "It may take up to 24 hours to work. Changed 2026-03-02 14:02." in text
    assert "Set-Mg -User x" in text
    assert "✓ exists" in text
    assert preflight_text.powershell_of(row) == ["Set-Mg -User x"]


def test_what_a_filter_sees() -> None:
    assert preflight_text.words(_row(0, MFA, personal=True)) == ("fail|personal", "mfa")
    assert preflight_text.words(_row(0)) == ("pass", "")
    assert preflight_text.words(None) == ("unchecked", "")


def test_foreign_words_steer_no_terminal() -> None:
    evil = Finding(Check.MFA, Result.FAIL, "a\x1b[2Jb", "c\u202ed", "e\x07f")
    row = _row(0, evil)
    text = "\n".join(plain(line) for line in preflight_text.account_lines(row, _report(row)))
    assert not {"\x1b", "\u202e", "\x07"} & set(text + "".join(preflight_text.powershell_of(row)))


@pytest.mark.parametrize(
    ("user", "extra", "line"),
    [
        (
            "o'neill@contoso.com",
            {"Phone Number": "+49 30 1234567", "NumberType": "OperatorConnect"},
            "-Identity 'o''neill@contoso.com' -PhoneNumber +49301234567 "
            "-PhoneNumberType OperatorConnect",
        ),
        (
            "d’arc@contoso.com",  # PowerShell takes that for a quote as well
            {"PhoneNumber": "030 1234567"},
            "-Identity ('d' + [char]0x2019 + 'arc@contoso.com') -PhoneNumber <number> "
            "-PhoneNumberType DirectRouting",
        ),
        (
            "-x@contoso.com",
            {},
            "-Identity '-x@contoso.com' -PhoneNumber <number> -PhoneNumberType DirectRouting",
        ),
    ],
)
def test_the_line_for_a_failed_device_has_the_number_of_the_list(
    user: str, extra: dict[str, str], line: str
) -> None:
    device = replace(DEVICES[0], user_name=UserName(user), extra=extra)
    record = DeviceRecord(0, device, outcome=OUTCOMES[Cause.NO_PHONE_NUMBER])
    assert details.powershell(record) == f"Set-CsPhoneNumberAssignment {line}"
