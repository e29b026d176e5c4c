"""The audit log: one JSON line for each act that changes a tenant, in a file or in syslog.

It is for those who answer for what was done, and is theirs: siptui only ever adds lines, to a file
that may be append-only, and never makes the folder it lies in, which may be a disk that is missing.
"""

import contextlib
import errno
import json
import os
import socket
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

from siptui.domain.text import visible
from siptui.host.files import flush_to_disk, open_appending, read_at
from siptui.settings.audit import SYSLOG

SCHEMA = 1
#: Where the system's log takes messages: Linux (journald or syslogd), macOS, the BSDs.
_ADDRESSES = ("/dev/log", "/var/run/syslog", "/var/run/log")
#: Facility authpriv, severity notice: as others write of what privileged users did.
_PRIORITY = 10 * 8 + 5
#: Seconds that the system's log may take for one message.
_LIMIT = 2.0

Act = Literal["submit", "retry", "resubmit", "adopt", "give_up", "fix", "undo"]
Outcome = Literal["ordered", "accepted", "unknown", "refused"]


class AuditLine(Struct, frozen=True, kw_only=True):
    """One act. `account` is the one signed in to the tenant, `user` and `host` are of the computer.

    `entry` is the place in the journal or in the record of changes: a line with the same `run` (or
    `fix`) and `entry` as another one tells of the same act. `passwords_reset` is None where it is
    not known. `found`: an act whose answer was lost was found to be carried out.
    """

    at: str
    act: Act
    outcome: Outcome
    entry: int
    tenant: str
    account: str = ""
    user: str = ""
    host: str = ""
    run: str = ""
    batch: int = 0
    batch_id: str = ""
    region: str = ""
    devices: int | None = None
    passwords_reset: int | None = 0
    found: bool = False
    fix: str = ""
    kind: str = ""
    target: str = ""

    def text(self, profile: str) -> str:
        """The line, without its end. What there is nothing to say of is left out."""
        always = {"account", "user", "host", "passwords_reset"}
        fields: dict[str, object] = {"schema": SCHEMA, "profile": profile}
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if name in always or value not in ("", 0, False, None):
                fields[name] = visible(value) if isinstance(value, str) else value
        return json.dumps(fields, ensure_ascii=False)


class Target(Protocol):
    """Where lines go."""

    def add(self, line: str) -> None:
        """Add a line; `OSError` where it cannot, and part of it may be there then."""


class AuditFile(Struct, frozen=True):
    """A file. It may be append-only, belong to another user, and have several writers."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def add(self, line: str) -> None:
        """Add a line; when this returns it is on the disk."""
        data = f"{line}\n".encode()
        fd = open_appending(self.path)
        try:
            size = os.fstat(fd).st_size
            with contextlib.suppress(OSError):  # a file that may not be read, or a device
                if size and read_at(fd, 1, size - 1) != b"\n":
                    data = b"\n" + data  # the disk was full in the middle of a line
            if os.write(fd, data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            with contextlib.suppress(OSError):  # a device, a pipe
                flush_to_disk(fd)
        finally:
            os.close(fd)


class Syslog(Struct, frozen=True):
    """The system's log: journald, or another one that listens at its socket."""

    addresses: tuple[str, ...] = _ADDRESSES

    def __str__(self) -> str:
        return SYSLOG

    def add(self, line: str) -> None:
        """Send a line as one message."""
        family = getattr(socket, "AF_UNIX", None)
        if family is None:
            raise OSError(errno.ENOSYS, "this system has no syslog; name a file")
        address = next((one for one in self.addresses if Path(one).exists()), None)
        if address is None:
            raise OSError(errno.ENOENT, f"nothing listens at {self.addresses[0]}")
        with socket.socket(family, socket.SOCK_DGRAM) as log:
            log.settimeout(_LIMIT)
            log.connect(address)
            log.send(f"<{_PRIORITY}>siptui[{os.getpid()}]: {line}".encode())


class AuditLog(Struct, frozen=True):
    """The audit log of a profile."""

    target: Target
    profile: str

    def __str__(self) -> str:
        return visible(str(self.target))

    def write(self, line: AuditLine) -> str:
        """Write a line; nothing, or why it cannot be."""
        try:
            self.target.add(line.text(self.profile))
        except OSError as error:
            return visible(error.strerror or str(error) or type(error).__name__)
        return ""


def audit_log(setting: str, profile: str) -> AuditLog | None:
    """The audit log that `audit_log` of a profile names; none where it names none."""
    if not setting:
        return None
    return AuditLog(Syslog() if setting == SYSLOG else AuditFile(Path(setting)), profile)
