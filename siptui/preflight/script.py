"""The PowerShell script of a plan of fixes: for people who must run the changes themselves."""

from collections.abc import Iterator

from siptui.domain.text import visible
from siptui.gateway.tenant_model import TenantInfo
from siptui.preflight.facts import Facts
from siptui.preflight.fix_plan import FixPlan
from siptui.preflight.remedies import quoted

#: Typographic marks of our own sentences, for a comment in ASCII.
_PLAIN = str.maketrans({"“": '"', "”": '"', "’": "'", "‘": "'", "–": "-", "…": "..."})


def pinned_tenant(facts: Facts, otherwise: str) -> str:
    """What a script signs in to: the tenant's id where it was read, else `otherwise`."""
    about = facts.tenant.tenant
    return (about.tenant_id if isinstance(about, TenantInfo) else "") or otherwise


def script_lines(plan: FixPlan, tenant: str) -> Iterator[str]:
    """The lines of a script that makes the changes of `plan` in `tenant` and in no other.

    Changes of accounts that may be personal are commented out. All of it is printable ASCII:
    Windows PowerShell 5.1 reads a file without a byte order mark in the code page of the computer,
    in which parts of other letters can become quotation marks (Microsoft Learn, "Understanding
    file encoding in VSCode and PowerShell").
    """
    count = len(plan.fixes)
    changes = "1 change" if count == 1 else f"{count:,} changes"
    yield _comment(f"{changes} for {tenant}. Look it over before you run it.")
    yield f"Connect-MicrosoftTeams -TenantId {quoted(tenant)}"
    personal = {
        fix.change.target.casefold(): fix.needs_name for fix in plan.fixes if fix.needs_name
    }
    for fix in plan.fixes:
        if why := personal.get(fix.change.target.casefold(), ""):
            yield _comment(f"May be personal ({why}); take the mark off if you know better:")
            yield _comment(fix.powershell)
        else:
            yield fix.powershell


def script_file(plan: FixPlan, tenant: str) -> bytes:
    """The script as a file: UTF-8 with a byte order mark, by which every PowerShell knows it."""
    text = "".join(f"{line}\n" for line in script_lines(plan, tenant))
    return text.encode("utf-8-sig")


def _comment(text: str) -> str:
    """`text` as one line that does nothing, whatever is in it."""
    plain = visible(text).translate(_PLAIN).encode("ascii", "backslashreplace").decode()
    return f"# {plain}"
