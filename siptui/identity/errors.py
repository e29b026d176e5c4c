"""Why there is no token, each with the next thing to try; none carries a code or a token."""

from siptui.domain.errors import ExitCode, SignInNeededError, SiptuiError, Way


class NotSignedInError(SignInNeededError):
    """No one has signed in to this profile, or the tokens were for another tenant or client."""

    title = "Not signed in"
    code = "not_signed_in"


class SignInRefusedError(SignInNeededError):
    """The authority said no. `code` is `AADSTS…` or OAuth's word; by `correlation_id`, where it is
    worth looking, the tenant's sign-in log tells more."""

    title = "Sign-in refused"
    code = "sign_in_refused"

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        code: str = "",
        way: Way | None = None,
        correlation_id: str = "",
    ) -> None:
        super().__init__(message, remedy=remedy, code=code, way=way)
        self.correlation_id = correlation_id


class CodeExpiredError(SignInRefusedError):
    """The code was not entered in time."""

    title = "The code has expired"
    code = "code_expired"


class SignInCancelledError(SignInNeededError):
    """The operator called it off."""

    title = "Sign-in cancelled"
    code = "cancelled"


class WrongTenantError(SignInNeededError):
    """Signed in, but to another tenant than the profile's. Nothing was kept."""

    title = "Wrong tenant"
    code = "wrong_tenant"


class RedirectUnreadableError(SignInNeededError):
    """What was pasted is not the address the browser ended at, or belongs to another attempt."""

    title = "Not the address of this sign-in"
    code = "redirect_unreadable"


class PortInUseError(SignInNeededError):
    """The port the browser is to come back to is taken."""

    title = "The port is taken"
    code = "port_in_use"


class AuthorityUnreachableError(SiptuiError):
    """No connection to the authority, or it failed (5xx). Trying again may help."""

    title = "Cannot reach the sign-in service"
    code = "authority_unreachable"
    exit_code = ExitCode.ERROR


class AuthorityUnreadableError(SiptuiError):
    """An answer came, but not from an authority: a page of a proxy, broken JSON."""

    title = "The answer is not from the sign-in service"
    code = "authority_unreadable"
    exit_code = ExitCode.ERROR


class AuthorityElsewhereError(SiptuiError):
    """The authority names another host as the place to sign in; nothing was sent to that one."""

    title = "The sign-in service names another host"
    code = "authority_elsewhere"
    exit_code = ExitCode.ERROR


class StoreBrokenError(SignInNeededError):
    """The token store could not be used and was set aside."""

    title = "Token store set aside"
    code = "store_broken"


class StoreProtectedError(SignInNeededError):
    """The token store is encrypted for another user or host, or for other sessions of this user."""

    title = "Token store cannot be decrypted"
    code = "store_protected"


class NoProtectionError(SignInNeededError):
    """The system does not encrypt for this session, and a plain file was not asked for."""

    title = "The tokens cannot be encrypted"
    code = "no_protection"


class StoreUnusableError(SiptuiError):
    """The token store cannot be read or written: a full disk, a folder that is read-only."""

    title = "Token store cannot be used"
    code = "store_unusable"


class StoreUndecidedError(SignInNeededError):
    """There is no working keyring, and no operator to ask what to do instead."""

    title = "Where to keep the tokens?"
    code = "store_undecided"


class KeyringUnavailableError(SignInNeededError):
    """The keyring does not work here, does not answer, or has lost the key."""

    title = "The keyring does not work here"
    code = "keyring_unavailable"


class BrokerUnavailableError(SignInNeededError):
    """The system's sign-in broker cannot be used here."""

    title = "No sign-in broker here"
    code = "broker_unavailable"

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message, remedy=advice, way=Way.WITHOUT_BROKER)


class TokenFromElsewhereError(SignInNeededError):
    """A token given by the environment is missing, unusable or no longer good."""

    title = "The token given by the environment cannot be used"
    code = "environment_token"
