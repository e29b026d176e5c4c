"""Signing in without leaving the console: a code to type elsewhere, a browser, Windows' broker."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from siptui.domain.errors import SignInNeededError, SiptuiError, Way
from siptui.domain.text import visible
from siptui.identity.broker_place import has_broker
from siptui.identity.errors import PortInUseError
from siptui.tui.dialogs.base import Dialog
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.options import SignIns
from siptui.tui.terminal import copy_text
from siptui.tui.widgets.field import Field
from siptui.tui.widgets.text_lines import Line, Surface

if TYPE_CHECKING:
    from siptui.identity.account import Account
    from siptui.identity.broker import BrokerSignIn
    from siptui.identity.browser import BrowserPrompt, BrowserSignIn
    from siptui.identity.device_code import DeviceCodePrompt, DeviceCodeSignIn
    from siptui.identity.store import TokenStore


A = TypeVar("A", "DeviceCodeSignIn", "BrowserSignIn", "BrokerSignIn")


#: Work while an address is asked for, too.
_IN_FIELD = {"y": "copy", "d": "code", "w": "windows", "question_mark": "help", "q": "leave"}


class SignIn(Dialog["Account"]):
    """Asks for a sign-in; the answer is who signed in. Escape calls it off at once.

    Whatever goes wrong is told here: a fault that reached the application would be shown with the
    values it had.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", show=False),
        Binding("n", "new", show=False),
        Binding("b", "browser", show=False),
        Binding("d", "code", show=False),
        Binding("w", "windows", show=False),
    ]
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("y", "copy the code, or the address to open"),
        ("n", "a new code"),
        ("b", "sign in with a browser instead"),
        ("d", "back from the browser to a code"),
        *((("w", "sign in through Windows, on its desktop"),) if has_broker() else ()),
    )

    def __init__(self, ways: SignIns, store: "TokenStore", why: str = "") -> None:
        self._why: list[Line] = [((visible(why), "unknown"),), ()] if why else []
        super().__init__("Sign in", [*self._why, _ASKING], topic=Topic.SIGN_IN)
        self._ways = ways
        self._store = store
        self._attempt: DeviceCodeSignIn | BrowserSignIn | BrokerSignIn | None = None
        self._code: DeviceCodePrompt | None = None
        self._address: BrowserPrompt | None = None

    def question(self) -> Iterable[Widget]:
        """The field for the address that the browser ended at."""
        hint = "paste the address here"
        field = Field(acting=_IN_FIELD, id="dialog-input", compact=True, placeholder=hint)
        field.display, field.disabled = False, True
        yield field

    def on_mount(self) -> None:
        """Begin with a code."""
        self.set_interval(1.0, self._count_down)
        self.action_code()

    def on_unmount(self) -> None:
        """Call off what is under way."""
        if self._attempt is not None:
            self._attempt.cancel()

    # -- what can be pressed

    def action_code(self) -> None:
        """Sign in with a code."""
        self._field(shown=False)
        self.run_worker(self._by_code(), group="sign-in", exclusive=True, exit_on_error=False)

    def action_browser(self) -> None:
        """Sign in with a browser."""
        self._field(shown=True)
        self.run_worker(self._by_browser(), group="sign-in", exclusive=True, exit_on_error=False)

    def action_windows(self) -> None:
        """Sign in by the broker of Windows; what it says where there is none."""
        self._field(shown=False)
        self.run_worker(self._by_broker(), group="sign-in", exclusive=True, exit_on_error=False)

    def action_new(self) -> None:
        """A new code; the old one is not waited for any more."""
        self.action_code()

    def action_copy(self) -> None:
        """Copy the code, or the address to open."""
        if self._address is not None:
            self.say(f"The address: {copy_text(self.app, self._address.url)}.", "accent")
        elif self._code is not None:
            # Not to the file of copies: a valid code can be misused by any reader.
            self.app.copy_to_clipboard(self._code.user_code)
            self.say("The code was copied, if this terminal lets it.", "accent")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The address was pasted."""
        from siptui.identity.browser import BrowserSignIn

        pasted, event.input.value = event.value.strip(), ""
        if not pasted or not isinstance(self._attempt, BrowserSignIn):
            return
        try:
            self._attempt.offer(pasted)
        except SiptuiError as error:
            self.say(f"{error.message} {error.remedy}", "failed")

    # -- what goes on

    async def _by_code(self) -> None:
        await self._tried(self._ways.by_code(self._store), self._code_waited_for)

    async def _by_browser(self) -> None:
        await self._tried(self._ways.by_browser(self._store), self._browser_waited_for)

    async def _by_broker(self) -> None:
        await self._tried(self._ways.by_broker(self._store), self._window_waited_for)

    async def _tried(self, attempt: A, wait: "Callable[[A], Awaitable[Account]]") -> None:
        self._attempt, self._code, self._address = attempt, None, None
        self._tell([_ASKING])
        self.say("Esc cancels.")
        account: Account | None = None
        try:
            account = await wait(attempt)
        except SiptuiError as error:
            self._failed(error)
        except Exception as error:  # see the class: told here, by its kind alone
            self._failed(SiptuiError(f"The sign-in failed ({type(error).__name__})."))
        finally:
            await attempt.close()
        if account is not None:
            self.dismiss(account)

    async def _code_waited_for(self, attempt: "DeviceCodeSignIn") -> "Account":
        self._code = await attempt.start()
        self._show_code()
        self.say(f"y copies the code · n new code · b browser{_windows()} · Esc cancels · ? helps")
        return await attempt.wait()

    async def _browser_waited_for(self, attempt: "BrowserSignIn") -> "Account":
        said = "y copies the address · d code instead · Esc cancels · ? helps"
        try:
            self._address = await attempt.start(self._ways.port)
        except PortInUseError as error:
            self._address = await attempt.start(self._ways.port, listening=False)
            said = f"{error.message} Paste the address, then. {said}"
        self._show_address(self._address)
        self.say(said)
        return await attempt.wait()

    async def _window_waited_for(self, attempt: "BrokerSignIn") -> "Account":
        await attempt.start()
        self._tell([_WINDOW])
        self.say("d code instead · Esc cancels · ? helps")
        return await attempt.wait()

    # -- what is shown

    def _tell(self, lines: list[Line]) -> None:
        self._text = [*self._why, *lines]
        if self.is_mounted:
            self._fill(*self.query(Surface))

    def _count_down(self) -> None:
        if self._code is not None:
            self._show_code()

    def _show_code(self) -> None:
        code = self._code
        if code is None:
            return
        left = int((code.expires_at - datetime.now(UTC)).total_seconds())
        good = f"Good for {left // 60}:{left % 60:02}." if left > 0 else "It has expired: n."
        self._tell(
            [
                (("On any device, open", "normal"),),
                ((f"    {code.verification_uri}", "accent"),),
                (("and type the code", "normal"),),
                *boxed(code.user_code),
                ((f"{good} Only ever type a code that you asked for yourself.", "normal"),),
                ((visible(self._ways.about), "muted"),),
            ]
        )

    def _show_address(self, address: "BrowserPrompt") -> None:
        self._tell(
            [
                (("For a browser on your own computer, type there first:", "normal"),),
                ((f"    {address.tunnel}", "accent"),),
                (("Then open in it:", "normal"),),
                ((address.url, "accent"),),
                (
                    (
                        "Without the tunnel the browser ends at an address that it cannot show: "
                        "copy that from its address bar, paste it here, Enter.",
                        "normal",
                    ),
                ),
            ]
        )

    def _failed(self, error: SiptuiError) -> None:
        self._code = self._address = None
        lines: list[Line] = [((visible(f"{error.title}."), "strong"),)]
        said = (error.message, here(error))
        lines += [((visible(text), "failed"),) for text in said if text]
        if correlation := getattr(error, "correlation_id", ""):
            lines.append(((f"In Entra's sign-in log: correlation id {correlation}", "muted"),))
        self._tell(lines)
        self._field(shown=False)
        self.say(f"n new code · b browser{_windows()} · Esc cancels")

    def _field(self, *, shown: bool) -> None:
        field = self.query_one(Input)
        field.display, field.disabled = shown, not shown
        if shown:
            field.focus()
        else:
            self.set_focus(None)


def here(error: SiptuiError) -> str:
    """What to do about an error, by the keys of this dialog where it is to sign in otherwise."""
    if not isinstance(error, SignInNeededError) or error.way is None:
        return error.remedy
    return f"{error.advice} {_BY_KEYS.get(error.way, '')}".strip()


def _windows() -> str:
    return " · w Windows" if has_broker() else ""


def boxed(code: str) -> list[Line]:
    """The code, large enough to be read across a desk."""
    inside = "  " + " ".join(code) + "  "
    edge = "━" * len(inside)
    return [
        ((f"    ┏{edge}┓", "accent"),),
        (("    ┃", "accent"), (inside, "strong"), ("┃", "accent")),
        ((f"    ┗{edge}┛", "accent"),),
    ]


#: The ways that need a word of this dialog; for the others its keys say enough.
_BY_KEYS = {
    Way.BROWSER: "Try the browser (b).",
    Way.BROWSER_FIRST: "Try the browser (b). If that is blocked too, ask for an exception for this "
    "account.",
    Way.BROKER: "Sign in through Windows, which shows the state of this device (w). If that is "
    "refused too, try the browser (b), or ask for an exception.",
    Way.BROKER_INSTALLED: 'Sign in through Windows (w), after: pip install "msal[broker]". Or '
    "try the browser (b) on a managed device, or ask for an exception.",
    Way.BROKER_AGAIN: "Sign in through Windows (w).",
    Way.WITHOUT_BROKER: "Sign in by a code (n), or where codes are blocked by the browser (b).",
    Way.DEVICE: "Sign in from a managed device: b with the tunnel to this host, so that the "
    "device's own browser signs in; or ask for an exception.",
}
_WINDOW: Line = (
    (
        "Windows asks in a window of its own who signs in; it may lie behind this one. Choose the "
        "account that administers the tenant.",
        "normal",
    ),
)
_ASKING: Line = (("Asking the sign-in service …", "muted"),)
