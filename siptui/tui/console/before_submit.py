"""What is looked at and asked before a submit, a retry, a resume and a decision alike."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from siptui.domain.device import Device, DeviceKey
from siptui.domain.errors import SiptuiError
from siptui.domain.text import plural, visible
from siptui.gateway.tenant_model import RoleEnd
from siptui.tui.console import personal_accounts
from siptui.tui.console.model import (
    SIGNED_IN_ALREADY,
    Session,
)
from siptui.tui.console.signed_in import again_chosen
from siptui.tui.console.view import View
from siptui.tui.preflight_text import sentence


class BeforeSubmit:
    """Looks at devices that are about to be submitted, and asks about some of them."""

    def __init__(self, view: View, session: Session) -> None:
        self.view = view
        self.session = session

    async def asked_again(
        self,
        devices: Sequence[Device],
        run: str = "",
        *,
        seen: frozenset[DeviceKey] = frozenset(),
        other: Mapping[DeviceKey, str] = MappingProxyType({}),
    ) -> tuple[frozenset[DeviceKey], bool] | None:
        """The rows that are left out because they are signed in as the list wants it, and whether
        those are submitted once more instead; none if the operator goes back. `seen` are those
        that the inventory has so, `other` those that it has signed in as another account."""
        try:
            done = self.session.run_service.done(devices, run=run)
        except SiptuiError as error:
            self.view.tell(error)
            return None
        chosen = await again_chosen(self.view.ask, done, devices, seen, other)
        if chosen is None:
            self.view.say("Nothing was submitted.", "muted")
        return chosen

    async def left_out(
        self, devices: Sequence[Device], *, whole: bool = False
    ) -> tuple[frozenset[DeviceKey] | None, list[str]]:
        """The rows that may be personal accounts and were not named (none at all if the operator
        goes back), and what could not be read of the others.

        Rows that no check was made of are looked at now.
        """
        options, known = self.session.options, self.session.board.report
        reports = [] if known is None else [known]
        unseen = [one for one in devices if known is None or one.key not in known.by_key]
        notes: list[str] = []
        if unseen and options.checks is not None and options.looks_for_personal:
            self.view.say("looking for personal accounts …", "muted")
            try:
                looked = await options.checks.look(unseen)
            except SiptuiError as error:
                notes.append(f"Could not look for personal accounts: {visible(error.message)}")
            else:
                reports.append(looked)
                if many := len(looked.maybe_personal):
                    rows = plural(many, "row")
                    notes.append(f"Could not check whether {rows} may be personal accounts.")
            self.view.clear_notice()
            self.view.show_bars()
        without = await personal_accounts.left_out(self.view.ask, reports, devices, whole=whole)
        if without is None:
            self.view.say("Nothing was submitted.", "muted")
        return without, notes

    def prerequisites(self, devices: Sequence[Device]) -> str:
        """What is known of the prerequisites of these devices, for a confirmation."""
        key = self.view.key_of["preflight"] if self.session.options.checks is not None else ""
        return sentence(self.session.board.report, devices, key)

    async def role_end(self) -> RoleEnd | None:
        """When the operator's role ends, asked anew for each question: it may just have been
        activated."""
        if (ask := self.session.options.role_end) is None:
            return None
        self.view.say("looking when your role ends …", "muted")
        role = await ask()
        self.view.clear_notice()
        self.view.show_bars()
        return role

    async def worker_note(self) -> str:
        """What ends a worker here. Found out in a thread: it may take seconds, and once it is known
        it is told at once."""
        return await self.view.in_thread(self.session.run_service.worker_note)


def unnamed_left_out(without: Collection[DeviceKey]) -> list[str]:
    """What is to be said of rows that were left out because their accounts may be personal."""
    if not without:
        return []
    return [f"{plural(len(without), 'row')} left out: may be personal accounts."]


def done_left_out(done: Collection[DeviceKey]) -> list[str]:
    """What is to be said of rows that were left out because they are signed in already."""
    if not done:
        return []
    return [f"{plural(len(done), 'row')} left out: {SIGNED_IN_ALREADY}."]
