"""The one family of errors: what happened, what to do next, and the exit code that says so."""

from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """What the process tells the shell. An unknown code means failure."""

    OK = 0
    ERROR = 1
    USAGE = 2
    SOME_FAILED = 3
    SIGN_IN = 4
    SOME_UNKNOWN = 5
    PREFLIGHT_FAILED = 6
    NOT_SUBMITTED = 7
    HELD = 11
    INTERRUPTED = 130


class SiptuiError(Exception):
    """Root of every error siptui raises on purpose.

    `title` is a few words, `message` says what happened and where, `remedy` what to do next,
    `code` is a stable machine word for `--json`. All are plain text, safe to print.
    """

    title = "Error"
    code = "error"
    exit_code = ExitCode.ERROR

    def __init__(self, message: str, *, remedy: str = "", title: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        if title:
            self.title = title
        if code:
            self.code = code


class UsageError(SiptuiError):
    """The command line, a setting or an input file cannot be used as it is."""

    title = "Cannot be used"
    code = "usage"
    exit_code = ExitCode.USAGE


class Way(StrEnum):
    """How to sign in next, as the command line says it; a dialog has its own words for each."""

    FIRST = "Sign in: `siptui auth login`."
    AGAIN = "Sign in again: `siptui auth login`."
    NEW_CODE = "Ask for a new code: `siptui auth login`."
    BROWSER = (
        "Try `siptui auth login --method browser`, or `--method paste` where no tunnel can be made."
    )
    BROWSER_FIRST = f"{BROWSER} If that is blocked too, ask for an exception for this account."
    DEVICE = (
        "Sign in from a managed device: `siptui auth login --method browser` with the tunnel to "
        "this host, so that the device's own browser signs in; or ask for an exception."
    )
    BROKER = (
        "Sign in through Windows: `siptui auth login --method broker`, which shows the state of "
        "this device. If that is refused too, sign in by `--method browser` on a managed device, "
        "or ask for an exception."
    )
    BROKER_INSTALLED = (
        "Sign in through Windows, which shows the state of this device: "
        '`pip install "siptui[broker]"`, then `siptui auth login --method broker`. Or sign in by '
        "`--method browser` on a managed device, or ask for an exception."
    )
    BROKER_AGAIN = "Sign in again: `siptui auth login --method broker`."
    WITHOUT_BROKER = (
        "Sign in by a code, `siptui auth login`, or where codes are blocked by a browser, "
        "`siptui auth login --method browser`."
    )
    STORE = (
        "Choose where to keep the tokens: `siptui auth login --store file`, or `--store memory` "
        "to keep them for this process alone."
    )


class SignInNeededError(SiptuiError):
    """No usable sign-in, or the service refused it.

    `advice` is what to do whatever signs in next, `way` how to sign in then; `remedy` is both.
    """

    title = "Sign-in needed"
    code = "sign_in_needed"
    exit_code = ExitCode.SIGN_IN

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        title: str = "",
        code: str = "",
        way: Way | None = None,
    ) -> None:
        super().__init__(message, remedy=f"{remedy} {way or ''}".strip(), title=title, code=code)
        self.advice = remedy
        self.way = way
