"""The PowerShell script of a plan: read alike by every PowerShell, whatever is in the names."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.preflight.change_log import Change, Kind
from siptui.preflight.finding import Check
from siptui.preflight.fix_plan import Fix, FixPlan
from siptui.preflight.remedies import grant_ip_phone_policy, quoted
from siptui.preflight.script import script_file, script_lines

_OPERAND = re.compile(r"'((?:[^']|'')*)'|\[char\]0x([0-9A-F]{4})")
_TENANT = "b5a2f4c8-6f0e-4a53-9d0b-0c6f6c1f7e21"


def evaluated(argument: str) -> str:
    """What PowerShell makes of an argument that `quoted` wrote."""
    inner = argument[1:-1] if argument.startswith("(") else argument
    assert inner.startswith("'"), "the first operand makes it a text"
    texts, at = [], 0
    while at < len(inner):
        found = _OPERAND.match(inner, at)
        assert found, inner[at:]
        literal, unit = found.groups()
        units = bytes.fromhex(unit) if unit else literal.replace("''", "'").encode("utf-16-be")
        texts.append(units)
        at = found.end()
        if at < len(inner):
            assert inner.startswith(" + ", at), inner[at:]
            at += 3
    return b"".join(texts).decode("utf-16-be", "surrogatepass")


@given(st.text() | st.sampled_from(["O'Neil", "a’; Remove-Item x #", "‚‛“„", "é\n$(x)`", "😀", ""]))
def test_any_text_is_one_argument_in_ascii_that_means_that_text(text: str) -> None:
    argument = quoted(text)
    assert argument.isascii()
    assert argument.isprintable()
    assert evaluated(argument) == text.encode("utf-16-be", "surrogatepass").decode(
        "utf-16-be", "surrogatepass"
    )


def test_plain_texts_stay_as_they_are_read() -> None:
    assert quoted("lobby@contoso.com") == "'lobby@contoso.com'"
    assert quoted("O'Neil") == "'O''Neil'"
    assert quoted("Zürich") == "('Z' + [char]0x00FC + 'rich')"
    assert quoted("ü") == "('' + [char]0x00FC)"


def _fix(user: str, why: str = "", kind: Kind = Kind.GRANT_IP_PHONE_POLICY) -> Fix:
    line = grant_ip_phone_policy(user, "Común")
    return Fix(Change(kind=kind, target=user, value="Común"), "…", line, needs_name=why)


@pytest.mark.parametrize("codec", ["cp1252", "cp932", "cp437", "utf-8-sig"])
def test_a_script_is_the_same_in_every_encoding_and_pins_the_tenant(codec: str) -> None:
    plan = FixPlan(
        (
            _fix("zürich’@contoso.com"),
            _fix("boss@contoso.com", "it has “other” licences\nRemove-Everything"),
            _fix("BOSS@contoso.com", kind=Kind.GRANT_CALLING_POLICY),
        ),
        (),
    )
    content = script_file(plan, _TENANT)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content[3:].isascii()
    lines = content.decode(codec, "replace").splitlines()
    assert lines[1] == f"Connect-MicrosoftTeams -TenantId '{_TENANT}'"
    active = [line for line in lines[1:] if not line.startswith("#")]
    assert active[1:] == [_fix("zürich’@contoso.com").powershell]
    assert sum("boss@" in line.casefold() for line in lines) == 2
    assert lines[1:] == list(script_lines(plan, _TENANT))[1:]
    assert {fix.check for fix in plan.fixes} == {Check.IP_PHONE_POLICY, Check.CALLING_POLICY}
