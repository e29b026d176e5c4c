"""What a profile forbids commands: `read_only`, and `require_plan`."""

from siptui.app.session import Selected
from siptui.domain.errors import UsageError


class ForbiddenError(UsageError):
    """The profile does not allow it; nothing was submitted or changed."""

    title = "Not allowed by the profile"


def refuse_read_only(selected: Selected) -> None:
    """Raise `ForbiddenError` where the profile may only look."""
    if selected.profile.read_only:
        raise ForbiddenError(
            f"Profile {selected.profile.name} is read-only: read_only = true in "
            f"{selected.settings.folders.config_file}. Nothing was changed.",
            remedy="Use another profile, or have the setting changed.",
            code="read_only",
        )


def refuse_without_plan(selected: Selected) -> None:
    """Raise `ForbiddenError` where the profile submits nothing but plans that were looked at."""
    if selected.profile.require_plan:
        raise ForbiddenError(
            f"Profile {selected.profile.name} submits plans only: require_plan = true. Nothing was "
            "submitted.",
            remedy="Write a plan with “siptui run LIST --plan-to FILE”; another person looks at it "
            "and submits it with “siptui run --plan FILE”.",
            code="plan_required",
        )
