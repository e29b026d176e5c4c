"""A line of the record of changes, and what stands in it."""

from enum import StrEnum

import msgspec

from siptui.gateway.tenant_model import NumberType
from siptui.preflight.finding import Check


class Step(StrEnum):
    """What is known of a change, in the order in which it comes about."""

    INTENDED = "intended"  # about to be sent: from here on it may have been done
    SENT = "sent"  # the service took it
    IN_DOUBT = "in_doubt"  # the answer was lost
    SEEN = "seen"  # read back as wanted
    NOT_SEEN = "not_seen"  # not (yet) read back as wanted
    FAILED = "failed"  # the service refused it, or nothing was sent
    UNDOING = "undoing"  # about to be set back
    UNDONE = "undone"  # set back, and read back as before
    UNDO_NOT_SEEN = "undo_not_seen"  # set back, but not (yet) read back


class Kind(StrEnum):
    """What can be changed from here. Stable words, for the record and for `--json`."""

    ENABLE_BULK_SIGN_IN = "enable_bulk_sign_in"
    ADD_TRUSTED_IP = "add_trusted_ip"
    CREATE_CALLING_POLICY = "create_calling_policy"
    CREATE_IP_PHONE_POLICY = "create_ip_phone_policy"
    GRANT_CALLING_POLICY = "grant_calling_policy"
    GRANT_IP_PHONE_POLICY = "grant_ip_phone_policy"
    ASSIGN_NUMBER = "assign_number"


#: Which check a change is to set right.
CHECKS = {
    Kind.ENABLE_BULK_SIGN_IN: Check.BULK_SIGN_IN,
    Kind.ADD_TRUSTED_IP: Check.TRUSTED_IP,
    Kind.CREATE_CALLING_POLICY: Check.CALLING_POLICY,
    Kind.CREATE_IP_PHONE_POLICY: Check.IP_PHONE_POLICY,
    Kind.GRANT_CALLING_POLICY: Check.CALLING_POLICY,
    Kind.GRANT_IP_PHONE_POLICY: Check.IP_PHONE_POLICY,
    Kind.ASSIGN_NUMBER: Check.PHONE_NUMBER,
}


#: Changes of an account.
_OF_ACCOUNT = frozenset({Kind.GRANT_CALLING_POLICY, Kind.GRANT_IP_PHONE_POLICY, Kind.ASSIGN_NUMBER})


class Who(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who does it: the account signed in to the tenant, the user and host of the computer."""

    account: str = ""
    os_user: str = ""
    host: str = ""


class Change(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One change, in words that can be carried out and taken back.

    `target` is what is changed: an account's name, a policy's name, an address. `value` is what
    it gets (a policy, a number, a mask), `before` what it had, `number_type` for numbers.
    """

    kind: Kind
    target: str
    value: str = ""
    before: str = ""
    number_type: NumberType | None = None

    @property
    def of_account(self) -> bool:
        """Whether an account was changed, whose user name is the target."""
        return self.kind in _OF_ACCOUNT


class Line(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One line of the record. `fix` is the change's id, `at` UTC in RFC 3339."""

    schema: int = 1
    fix: str
    step: Step
    at: str
    tenant: str = ""
    who: Who | None = None  # with the first step, and with that of an undo
    change: Change | None = None  # with the first step
    detail: str = ""
