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
#: Plans of office workers that no licence for shared devices has (Microsoft 365 Apps,
#: SharePoint): who has one of them may be a person.
OFFICE = frozenset(
    {
        *("officesubscription", "sharepointenterprise", "sharepointstandard"),
        *("microsoftoffice", "sharepoint"),
        "43de0ff5-c92c-492b-9116-175376d08c38",  # OFFICESUBSCRIPTION
        "5dbe027f-2339-4123-9542-606e4d348a72",  # SHAREPOINTENTERPRISE
        "c7699d2e-19aa-44de-8edf-1736da088ca1",  # SHAREPOINTSTANDARD
    }
)


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
