"""Whether an account's service plans make a phone of it.

Ids from Microsoft's table of product names and service plans; capability words as the admin API
tells them in `AssignedPlan`. Everything is compared without case.
"""

from siptui.preflight.finding import Result

#: Teams Phone (Phone System), in the forms in which it is sold.
PHONE = frozenset(
    {
        *("mcoev", "mcoev_gov", "mcoevsmb", "mcoev_virtualuser"),
        "4828c8ec-dc2e-4779-b502-87ac9ce28ab7",  # MCOEV
        "db23fce2-a974-42ef-9002-d78dd42a0f22",  # MCOEV_GOV
        "ed777b71-af04-42ca-9798-84344c66f7c6",  # MCOEVSMB
        "f47330e9-c134-43b3-9993-e7f004506889",  # MCOEV_VIRTUALUSER
    }
)
TEAMS = frozenset(
    {
        *("teams", "teams1", "teams_gov"),
        "57ff2da0-773e-42df-b2af-ffb7a2317929",  # TEAMS1
        "304767db-7d23-49e8-a945-4a7eb65f9f28",  # TEAMS_GOV
    }
)
SKYPE = frozenset(
    {
        *("mcostandard", "mcostandard_gov", "mcoprofessional"),
        "0feaeb32-d00e-4d66-bd5a-43b5b83db82c",  # MCOSTANDARD
        "a31ef4a2-f787-435e-8335-e47eb0cafc94",  # MCOSTANDARD_GOV
    }
)
#: What the licences of shared devices and of telephony are made of, by id (same table; shared
#: devices: Entra P1, Exchange Plan 2, Intune, Phone System, Skype for Business Plan 2, Teams).
_SHARED = frozenset(
    {
        "41781fb2-bc02-4b7c-bd55-b576c07bb09d",  # AAD_PREMIUM
        "efb87545-963c-4e0d-99df-69c6916d9eb0",  # EXCHANGE_S_ENTERPRISE
        "113feb6c-3fe4-4440-bddc-54d774bf0318",  # EXCHANGE_S_FOUNDATION
        "c1ec4a95-1f05-45b3-a911-aa3fa01094f5",  # INTUNE_A
        "cfce7ae3-4b41-4438-999c-c0e91f3b7fb9",  # SPECIALTY_DEVICES
        "4ed3ff63-69d7-4fb7-b984-5aec7f605ca8",  # MCOPSTN1
        "cb22fbd7-ed7d-4786-a27a-e4cd617b69c0",  # MCOFMC1
        *(PHONE | TEAMS | SKYPE),
    }
)


def only_shared(plans: frozenset[str]) -> bool:
    """Whether all an account has is what licences of shared devices are made of.

    People have more: Office, SharePoint and the like. A plan that is not known here is taken
    for one of those. Words of capabilities tell nothing either way.
    """
    ids = {plan for plan in plans if plan.count("-") == 4}
    return bool(ids) and ids.issubset(_SHARED)


def judged(plans: frozenset[str] | None, features: frozenset[str] | None) -> tuple[Result, str]:
    """Whether plans or Teams' own feature words show Teams Phone, and a sentence about it.

    It fails only where the plans are known and have nothing of Teams Phone and Teams' own word
    does not say otherwise. Teams and Skype for Business come in more plans than are listed here,
    so their absence proves nothing.
    """
    if features is not None and "phonesystem" in features:
        return Result.PASS, "Teams says that the account has Phone System."
    if plans is None:
        if features is None:
            return Result.UNKNOWN, "Neither plans nor features could be read."
        return Result.FAIL, "Teams does not count Phone System among the account's features."
    if not plans & PHONE:
        return Result.FAIL, "No service plan with Teams Phone is assigned to the account."
    missing = [
        name
        for name, known in (("Teams", TEAMS), ("Skype for Business Online Plan 2", SKYPE))
        if not plans & known
    ]
    if missing:
        return Result.UNKNOWN, (
            f"Teams Phone is assigned, but no known plan of {' and '.join(missing)}."
        )
    return Result.PASS, "Teams, Skype for Business and Teams Phone are assigned."
