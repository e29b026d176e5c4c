"""The list's PublicIP column against the trusted addresses: row by row, and the sites that miss
one by name."""

from pathlib import Path

import pytest

from siptui.devicelist.reading import read
from siptui.domain.columns import Mapped, named_headers
from siptui.domain.list_options import ListOptions
from siptui.domain.public_address import parse_public
from siptui.domain.region import Region
from siptui.gateway.tenant_model import TrustedIP
from siptui.preflight.check import evaluate
from siptui.preflight.finding import Check, Finding, Lacking, Report, Result
from siptui.preflight.fix_plan import Wishes, plan_fixes
from tests.preflight.made import DENIED, DEVICE, NOW, facts
from tests.support.replace import replace

_TRUSTED = (TrustedIP("203.0.113.0", 28), TrustedIP("2001:db8:5::", 48))


def _report(cell: str, header: str = "PublicIP", **tenant: object) -> Report:
    device = replace(DEVICE, extra={"Site": "Berlin", header: cell})
    return evaluate([device], facts(**{"trusted_ips": _TRUSTED, **tenant}), NOW)


def _of_row(report: Report) -> Finding | None:
    return report.accounts[0].of(Check.TRUSTED_IP)


@pytest.mark.parametrize(
    ("cell", "result", "said"),
    [
        ("203.0.113.7", Result.PASS, "203.0.113.7"),
        ("203.0.113.0/28", Result.PASS, "203.0.113.0/28"),
        ("203.0.113.8/29; 203.0.113.1", Result.PASS, "203.0.113.1"),
        ("2001:db8:5::1", Result.PASS, "2001:db8:5::1"),
        ("::ffff:203.0.113.7", Result.PASS, "203.0.113.7"),
        ("198.51.100.1", Result.FAIL, "198.51.100.1"),
        ("203.0.113.0/27", Result.FAIL, "203.0.113.0/27"),
        ("203.0.113.7, 198.51.100.1", Result.FAIL, "198.51.100.1"),
        ("2001:db8:6::/64", Result.FAIL, "2001:db8:6::/64"),
        ("10.1.2.3", Result.UNKNOWN, "10.0.0.0/8"),
        ("192.168.0.0/16", Result.UNKNOWN, "192.168.0.0/16"),
        ("fd00::1", Result.UNKNOWN, "fc00::/7"),
        ("203.0.113.7/28", Result.UNKNOWN, "host bits"),
        ("Berlin", Result.UNKNOWN, "Berlin"),
    ],
)
def test_an_address_of_the_list(cell: str, result: Result, said: str) -> None:
    report = _report(cell)
    finding = _of_row(report)
    assert finding is not None
    assert finding.result is result
    assert said in finding.detail
    missed = [note for note in report.notes if note.startswith("Sites without")]
    if result is Result.FAIL:
        assert "Site Berlin" in finding.detail
        assert "New-CsTenantTrustedIPAddress" in finding.powershell
        (note,) = missed
        assert "Berlin (" in note
        assert said in note
    else:
        assert missed == []
        assert bool(finding.remedy) is (result is Result.UNKNOWN)


@pytest.mark.parametrize(
    "header",
    ["PublicIP", "public_ip", "Public IP", "PUBLIC-IP ADDRESS", "External IP", "öffentliche IP",
     "WAN IP", "Adresse IP publique"],
)  # fmt: skip
def test_any_spelling_of_the_header(header: str) -> None:
    finding = _of_row(_report("198.51.100.1", header))
    assert finding is not None
    assert finding.result is Result.FAIL


def test_a_header_that_is_named_for_it(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(
        f"Username,HardwareId,Uplink\n{DEVICE.user_name},{DEVICE.hardware_id},198.51.100.1\n"
    )
    named = ListOptions(columns=named_headers(["public_ip=Uplink"]))
    assert isinstance(named.columns, Mapped)
    (device,) = read(file, region=Region.EMEA, options=named).devices
    found = evaluate([device], facts(), NOW).accounts[0].of(Check.TRUSTED_IP)
    assert found is not None
    assert found.result is Result.FAIL


def test_without_an_address_nothing_is_said_of_the_row() -> None:
    assert _of_row(_report("")) is None
    assert _of_row(_report(" ; ")) is None


def test_what_cannot_be_read_of_the_tenant_is_no_finding_of_each_row() -> None:
    assert _of_row(_report("198.51.100.1", trusted_ips=DENIED)) is None
    odd = _of_row(_report("198.51.100.1", trusted_ips=(TrustedIP("somewhere", None),)))
    assert odd is not None
    assert odd.result is Result.UNKNOWN


def test_each_site_is_named_once() -> None:
    rows = [("Berlin", "198.51.100.1"), ("Berlin", "198.51.100.1"), ("Paris", "198.51.100.9")]
    rows += [("Rome", "203.0.113.7"), ("", "198.51.100.3")]
    devices = [
        replace(DEVICE, line=n + 2, extra={"Site": site, "PublicIP": ip})
        for n, (site, ip) in enumerate(rows)
    ]
    (note,) = [n for n in evaluate(devices, facts(), NOW).notes if n.startswith("Sites")]
    assert note.endswith(": Berlin (198.51.100.1), Paris (198.51.100.9), no site (198.51.100.3).")


def test_the_inventorys_same_address_is_told_once() -> None:
    found = facts(trusted_ips=_TRUSTED)
    assert not isinstance(found.devices, type(DENIED))
    key = str(DEVICE.hardware_id)
    seen = replace(found.devices[key], public_ip="198.51.100.1")
    device = replace(DEVICE, extra={"PublicIP": "198.51.100.1"})
    report = evaluate([device], replace(found, devices={key: seen}), NOW)
    assert sum(f.check is Check.TRUSTED_IP for f in report.accounts[0].findings) == 1


def test_a_fix_names_the_option_and_trusts_what_is_named() -> None:
    found = facts(trusted_ips=_TRUSTED)
    device = replace(DEVICE, extra={"PublicIP": "198.51.100.0/30"})
    report = evaluate([device], found, NOW)
    (left,) = plan_fixes(report, found, [device], Wishes()).left
    assert (left.lacking, left.address) == (Lacking.PUBLIC_ADDRESS, "198.51.100.0/30")
    wishes = Wishes(public_ips=(parse_public("198.51.100.0/30"),))
    plan = plan_fixes(evaluate([device], found, NOW, wishes.public_ips), found, [device], wishes)
    assert plan.left == ()
    assert [fix.change.target for fix in plan.fixes] == ["198.51.100.0"]
