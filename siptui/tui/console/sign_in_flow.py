"""When the console asks for a sign-in, and what it does once there is one."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from siptui.domain.errors import SignInNeededError, SiptuiError
from siptui.domain.text import visible
from siptui.identity.errors import StoreUndecidedError
from siptui.identity.store import StoreKind, TokenStore
from siptui.runs.state import needs_sign_in
from siptui.tui import dialogs
from siptui.tui.console.model import Session
from siptui.tui.console.tenant_urls import opening_lines
from siptui.tui.console.view import View
from siptui.tui.input_gate import CONVERSATION
from siptui.tui.options import SignIns
from siptui.tui.widgets.text_lines import Line

T = TypeVar("T")


class SignInFlow:
    """Has the operator sign in, where something needs it and when it is asked for."""

    def __init__(self, view: View, session: Session) -> None:
        self.view = view
        self.session = session
        self._asked_for = ""

    async def sign_in(self) -> None:
        """Sign in, again if need be, and resume the run."""
        ways = self.session.options.sign_in
        if self.view.may("sign_in") and ways is not None:
            await self._sign_in(ways, needs_sign_in(self.session.run))

    async def offer(self) -> None:
        """Offer to sign in, as the next step once a profile was made."""
        options = self.session.options
        ways = options.sign_in
        problem = await ways.problem() if ways is not None and not options.read_only else None
        if ways is None or problem is None:
            return
        made: Line = (
            (f"The profile {visible(options.profile)} is made. ", "accent"),
            ("The next step is to sign in to the tenant.", "normal"),
        )
        keys = self.view.key_of
        choices = [
            ("now", "sign in", "with a code in any browser, or a browser here"),
            ("later", "later", f"{keys['sign_in']} signs in, {keys['open']} opens a list"),
        ]
        chosen = await self.view.ask(
            dialogs.Choice("Next step", choices, [made], topic=dialogs.Topic.NEXT_STEP)
        )
        if chosen == "now":
            await self._sign_in(ways, problem.message)

    async def signed_in(self) -> bool:
        """Whether there is a sign-in that can be used, asked for if there is none."""
        ways = self.session.options.sign_in
        if ways is None:
            return True  # the demo, or a token of the environment: the worker finds out
        problem = await ways.problem()
        return problem is None or await self._sign_in(ways, problem.message)

    async def answered(self, read: Callable[[], Awaitable[T]]) -> T:
        """The answer of the service, after a sign-in if one is needed. Raises `SiptuiError`."""
        ways = self.session.options.sign_in
        problem = await ways.problem() if ways is not None else None
        if ways is not None and problem and not await self._sign_in(ways, problem.message):
            raise problem
        try:
            return await read()
        except SignInNeededError as error:
            if ways is None or not await self._sign_in(ways, error.message):
                raise
        return await read()

    async def _sign_in(self, ways: SignIns, why: str) -> bool:
        try:
            store = await self._store(ways, why)
            account = (
                None if store is None else await self.view.ask(dialogs.SignIn(ways, store, why))
            )
            if store is None or account is None:
                self.view.say("not signed in; nothing was submitted.", "muted")
                return False
            await ways.taken(store, account)
            self.session.account = account.user
            self._now_known(account.tenant)
            run = self.session.run
            if run is not None and run.finished is None:
                self.session.run_service.signed_in(run.run)
        except SiptuiError as error:
            self.view.tell(error)
            return False
        said = f"Signed in as {account.user}, tenant {ways.tenant_name or account.tenant}"
        roles = f"; roles, as the token says: {', '.join(account.roles)}" if account.roles else ""
        lines: list[Line] = [((visible(f"{said}{roles}."), "accent"),)]
        if account.may_bulk_sign_in is False:
            lines.append(((_NO_ROLE, "unknown"),))
        self.view.log_pane.append(lines)
        self.view.say(f"{said}.", "accent")
        self.view.show_bars()
        return True

    async def _store(self, ways: SignIns, why: str) -> TokenStore | None:
        """Where the tokens are kept, asked where it is not decided; none if the operator goes
        back. `why` says why a sign-in is needed."""
        try:
            return await ways.store()
        except StoreUndecidedError as undecided:
            needed = f"A sign-in is needed: {visible(why)}" if why else "To sign in:"
            text: list[Line] = [
                ((needed, "strong"),),
                ((f"{_TOKENS} {visible(undecided.message)}", "normal"),),
            ]
            choices = [
                (StoreKind.FILE, "file", "a plain file that only you (and root) can read"),
                (StoreKind.MEMORY, "memory", "nowhere: sign in again next time"),
            ]
            kind = await self.view.ask(
                dialogs.Choice("Keep the tokens in", choices, text, topic=dialogs.Topic.TOKEN_STORE)
            )
        return await ways.store(kind) if isinstance(kind, StoreKind) else None

    def _now_known(self, tenant_id: str) -> None:
        """The sign-in told the tenant's id; what depends on it is told once."""
        if tenant_id and tenant_id != self.session.tenant_id:
            self.session.tenant_id = tenant_id
            self.view.log_pane.append(opening_lines(self.session, self.view.key_of))

    def ask_if_needed(self) -> None:
        """Ask for a sign-in that the run waits for, once; not while the operator is typing."""
        why = needs_sign_in(self.session.run)
        if not why or why == self._asked_for:
            self._asked_for = why
            return
        options, app = self.session.options, self.view.app
        if options.sign_in is None or options.read_only:
            return
        under_way = any(
            worker.group == CONVERSATION and not worker.is_finished for worker in app.workers
        )
        if len(app.screen_stack) == 1 and not under_way and not self.view.filter_field.has_focus:
            self._asked_for = why
            self.view.start(self.sign_in)


_TOKENS = (
    "It gives siptui tokens, with which the run goes on without this window. Where they are kept "
    "is asked first, and once:"
)
_NO_ROLE = (
    "None of the roles in the token may bulk sign in, which takes Authentication Administrator, "
    "Privileged Authentication Administrator or Global Administrator. An eligible role must be "
    "activated first (PIM); then sign in again."
)
