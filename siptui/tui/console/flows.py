"""The flows of the console's screen. Those that the first frame can do without are imported, and
made, when they are first needed."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from siptui.tui import dialogs
from siptui.tui.actions import BY_ID
from siptui.tui.console.list_flow import ListFlow
from siptui.tui.console.model import Session
from siptui.tui.console.opening_flow import OpeningFlow
from siptui.tui.console.order_flow import OrderFlow
from siptui.tui.console.sign_in_flow import SignInFlow
from siptui.tui.console.view import View
from siptui.tui.console.view_flow import ViewFlow

if TYPE_CHECKING:
    from siptui.tui.console.before_submit import BeforeSubmit
    from siptui.tui.console.correct_flow import CorrectFlow
    from siptui.tui.console.decision_flow import DecisionFlow
    from siptui.tui.console.overview_flow import OverviewFlow
    from siptui.tui.console.retry_flow import RetryFlow
    from siptui.tui.console.run_flow import RunFlow
    from siptui.tui.console.status_flow import StatusFlow
    from siptui.tui.console.submit_flow import SubmitFlow
    from siptui.tui.console.tenant_flow import TenantFlow
    from siptui.tui.console.verify_flow import VerifyFlow

_LATER = (
    *("run", "submit", "retry", "decision", "correct"),
    *("tenant", "overview", "standing", "verify"),
)
#: What brings in the dialogs that the flows of the first frame ask with.
_DIALOGS = ("TablePage", "SignIn", "ColumnChoice", "Palette")


class Flows:
    """One flow each, under the name that an action calls its owner."""

    def __init__(self, view: View, session: Session) -> None:
        self._of = view, session
        self.view = ViewFlow(view, session)
        self.list = ListFlow(view, session)
        self.sign_in = SignInFlow(view, session)
        self.order = OrderFlow(view, session)
        self.opening = OpeningFlow(view, session, self.list.read, lambda: self.run)

    def action(self, name: str) -> Callable[[], Any]:
        """What carries out the action of that id."""
        found: Callable[[], Any] = getattr(getattr(self, BY_ID[name].owner), name)
        return found

    def rest(self) -> list[Callable[[], object]]:
        """What makes those that come later."""
        flows = [partial(getattr, self, name) for name in _LATER]
        return [*flows, *(partial(getattr, dialogs, name) for name in _DIALOGS)]

    def _attach(self, run: str) -> bool:
        return self.run.attach(run)

    async def _correct(self) -> None:
        await self.correct.correct()

    @cached_property
    def _before(self) -> "BeforeSubmit":
        from siptui.tui.console.before_submit import BeforeSubmit

        return BeforeSubmit(*self._of)

    @cached_property
    def run(self) -> "RunFlow":
        """Shows runs, and leaves them."""
        from siptui.tui.console.run_flow import RunFlow

        return RunFlow(*self._of, self.order, retries=lambda: self.retry, correct=self._correct)

    @cached_property
    def submit(self) -> "SubmitFlow":
        """Submits a list."""
        from siptui.tui.console.submit_flow import SubmitFlow

        signed_in = self.sign_in.signed_in
        return SubmitFlow(*self._of, self.list.read, signed_in, self._before, self.order)

    @cached_property
    def retry(self) -> "RetryFlow":
        """Retries and resumes."""
        from siptui.tui.console.retry_flow import RetryFlow

        return RetryFlow(*self._of, self.sign_in.signed_in, self._before, self.order)

    @cached_property
    def decision(self) -> "DecisionFlow":
        """Decides about batches."""
        from siptui.tui.console.decision_flow import DecisionFlow

        return DecisionFlow(*self._of, self.sign_in.signed_in, self._before, self.order)

    @cached_property
    def correct(self) -> "CorrectFlow":
        """Corrects a row."""
        from siptui.tui.console.correct_flow import CorrectFlow

        return CorrectFlow(*self._of, self.order, self.list.read)

    @cached_property
    def tenant(self) -> "TenantFlow":
        """Looks at the tenant."""
        from siptui.tui.console.tenant_flow import TenantFlow

        return TenantFlow(*self._of, self.sign_in, self._attach)

    @cached_property
    def overview(self) -> "OverviewFlow":
        """Shows all profiles."""
        from siptui.tui.console.overview_flow import OverviewFlow

        return OverviewFlow(*self._of, self._attach)

    @cached_property
    def standing(self) -> "StatusFlow":
        """Shows where rows stand."""
        from siptui.tui.console.status_flow import StatusFlow

        return StatusFlow(*self._of, self.sign_in)

    @cached_property
    def verify(self) -> "VerifyFlow":
        """Follows the inventory after a run."""
        from siptui.tui.console.verify_flow import VerifyFlow

        return VerifyFlow(*self._of, self.sign_in)


class Actions(dict[str, Callable[[], Any]]):
    """What carries out each action of the console, by the action's id."""

    def __init__(self, flows: Flows) -> None:
        super().__init__()
        self._flows = flows

    def __missing__(self, name: str) -> Callable[[], Any]:
        self[name] = found = self._flows.action(name)
        return found
