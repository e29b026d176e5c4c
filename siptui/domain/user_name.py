"""The user name of a shared account: a user principal name."""

import re

from siptui.domain.text import visible

#: Entra ID: at most 113 characters, 64 before the `@` and 48 behind it (Microsoft Learn,
#: "Prepare to provision users through directory synchronization"); letters of any script occur
#: in practice, so only what can never stand in a user principal name is refused.
_MAX_LENGTH = 113
_LOCAL_FORBIDDEN = re.compile(r"[\s\"(),:;<>\[\]\\/|=?*%&{}]")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")


class UserNameError(ValueError):
    """Why a text is no user name: a stable `rule` beside the message."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


class UserName(str):
    """A user principal name as the operator wrote it; compared through `key`."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "UserName":
        """The user name in `text`; `UserNameError` says what is wrong with it."""
        text = text.strip()
        if not text:
            raise UserNameError("missing", "the user name is missing")
        local, at, host = text.rpartition("@")
        if not at:
            raise UserNameError("no_at_sign", "a user name has the form name@domain")
        if "@" in local:
            raise UserNameError("two_at_signs", "more than one @")
        if not local or not host:
            raise UserNameError("incomplete", "nothing before or behind the @")
        if len(text) > _MAX_LENGTH:
            raise UserNameError("too_long", f"{len(text)} characters; at most {_MAX_LENGTH}")
        if visible(text) != text:
            raise UserNameError("character", "a character that cannot be seen")
        if found := _LOCAL_FORBIDDEN.search(local):
            raise UserNameError("character", f"{found.group()!r} cannot stand in a user name")
        if local.startswith(".") or local.endswith(".") or ".." in local:
            raise UserNameError("dots", "a dot at the start, at the end or doubled")
        if "." not in host or not all(_LABEL.fullmatch(label) for label in host.split(".")):
            raise UserNameError("domain", f"{host!r} is not a domain name")
        return cls(text)

    @property
    def key(self) -> str:
        """What two spellings of one account have in common."""
        return self.casefold()
