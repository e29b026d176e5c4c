"""Whether a run needs somebody to sign in. Pure."""

from siptui.runs.state import RunState

_STOPS = frozenset({"sign_in_needed", "token_refused", "not_signed_in"})


def needs_sign_in(run: RunState | None) -> str:
    """Why a run waits for, or was stopped by, a sign-in; nothing where none is asked for."""
    if run is None or run.finished is not None:
        return ""
    if run.stopped is not None:
        code = run.stopped.code
        return run.stopped.message if code in _STOPS or code.startswith("AADSTS") else ""
    if run.waiting is not None and run.waiting.why.startswith("sign-in needed"):
        return run.waiting.why
    return ""
