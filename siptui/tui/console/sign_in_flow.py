"""When the console asks for a sign-in, and what it does once there is one."""

from typing import TYPE_CHECKING

from textual import work

from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.runs.follower import Changes
from siptui.runs.state import needs_sign_in
from siptui.tui.console.list_flow import Lists
from siptui.tui.dialogs.ask import Choice
from siptui.tui.input_gate import CONVERSATION
from siptui.tui.widgets.text_lines import Line

if TYPE_CHECKING:
    from siptui.tui.dialogs.sign_in import SignIns


class Signing(Lists):
    """The main screen, able to have somebody sign in."""

    _asked_for = ""

    @work(group="flow", exclusive=True)
    async def action_sign_in(self) -> None:
        """Sign in, again if need be, and have the run go on."""
        ways = self.session.options.sign_in
        if self.may("sign_in") and ways is not None:
            await self._sign_in(ways, needs_sign_in(self.session.run))

    async def signed_in(self) -> bool:
        """Whether there is a sign-in that can be used, asked for if there is none."""
        ways = self.session.options.sign_in
        if ways is None:
            return True  # the demo, or a token of the environment: who works finds out
        problem = await ways.problem()
        return problem is None or await self._sign_in(ways, problem.message)

    def _now_known(self, tenant_id: str) -> None:
        """The sign-in told the tenant's id; what depends on it is told once."""
        if tenant_id and tenant_id != self.session.tenant_id:
            self.session.tenant_id = tenant_id
            self.log_pane.append(self.opening_lines())

    async def _sign_in(self, ways: "SignIns", why: str) -> bool:
        from siptui.identity.errors import StoreUndecidedError
        from siptui.identity.store import StoreKind
        from siptui.tui.dialogs.sign_in import SignIn

        try:
            try:
                store = await ways.store()
            except StoreUndecidedError as undecided:
                text: Line = ((visible(undecided.message), "normal"),)
                choices = [
                    (StoreKind.FILE, "file", "a plain file that only you (and root) can read"),
                    (StoreKind.MEMORY, "memory", "nowhere: sign in again next time"),
                ]
                kind = await self.app.push_screen_wait(
                    Choice("Keep the tokens in", choices, [text])
                )
                if not isinstance(kind, StoreKind):
                    self.say("not signed in; nothing was submitted.", "muted")
                    return False
                store = await ways.store(kind)
            account = await self.app.push_screen_wait(SignIn(ways, store, why))
            if account is None:
                self.say("not signed in; nothing was submitted.", "muted")
                return False
            await ways.taken(store, account)
            self.session.account = account.user
            self._now_known(account.tenant)
            run = self.session.run
            if run is not None and run.finished is None:
                self.session.run_service.signed_in(run.run)
        except SiptuiError as error:
            self.tell(error)
            return False
        said = f"Signed in as {account.user}, tenant {ways.tenant_name or account.tenant}"
        roles = f"; roles, as the token says: {', '.join(account.roles)}" if account.roles else ""
        lines: list[Line] = [((visible(f"{said}{roles}."), "accent"),)]
        if account.may_bulk_sign_in is False:
            lines.append(((_NO_ROLE, "unknown"),))
        self.log_pane.append(lines)
        self.say(f"{said}.", "accent")
        self.show_bars()
        return True

    def show_all(self) -> None:
        """Show everything anew; a run that waits for a sign-in already is no different."""
        super().show_all()
        self.call_after_refresh(self.ask_for_sign_in)

    def take(self, changes: Changes) -> None:
        """Show what is new; a sign-in that the run waits for is asked for once."""
        super().take(changes)
        self.ask_for_sign_in()

    def ask_for_sign_in(self) -> None:
        """Ask, unless the operator is typing or was asked for this already."""
        why = needs_sign_in(self.session.run)
        if not why or why == self._asked_for:
            self._asked_for = why
            return
        options = self.session.options
        if options.sign_in is None or options.read_only:
            return
        under_way = any(
            worker.group == CONVERSATION and not worker.is_finished for worker in self.app.workers
        )
        if self.app.screen is self and not under_way and not self.filter_field.has_focus:
            self._asked_for = why
            self.action_sign_in()


_NO_ROLE = (
    "None of the roles in the token may bulk sign in, which takes Authentication Administrator, "
    "Privileged Authentication Administrator or Global Administrator. An eligible role must be "
    "activated first (PIM); then sign in again."
)
