"""What a profile forbids commands: `read_only`, and `require_plan`."""

from siptui.app.session import Selected
from siptui.domain.errors import UsageError
from siptui.runs.orders import Changed
from siptui.runs.state import RunState


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


def refuse_besides_plan(selected: Selected, state: RunState, changes: Changed, again: bool) -> None:
    """Raise `ForbiddenError` where the profile submits plans only and `state` is not the run of
    one, or would go on otherwise than it was planned."""
    if state.plan is None or not state.plan.plan:
        refuse_without_plan(selected)
    elif selected.profile.require_plan and (changes.cuts or again):
        raise ForbiddenError(
            f"Profile {selected.profile.name} submits plans only: require_plan = true, and other "
            "batches or devices than planned were asked for. Nothing was submitted.",
            remedy=f"Go on as it was planned: siptui resume {state.run}",
            code="plan_required",
        )
