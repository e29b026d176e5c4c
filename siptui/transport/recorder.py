"""`--record FILE`: every exchange with the service, so that its wire can be seen by others.

Tokens are dropped; user names, hardware ids, phone numbers, ids and addresses are replaced by
stand-ins that are the same throughout one file. What is kept is what is not known about the wire:
names, casing, shapes and status words.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from siptui import __version__
from siptui.domain.errors import UsageError
from siptui.domain.text import visible
from siptui.host.files import open_private
from siptui.logs.pseudonyms import Pseudonyms
from siptui.logs.secrets import without_secrets
from siptui.transport.messages import Call, Exchange

#: The format of the file, in its first line.
FORMAT = 1
_HEADERS = frozenset(
    {"accept", "content-type", "date", "retry-after", "user-agent"}
    | {"x-ms-correlation-id", "x-ms-forest", "x-ms-target-uri"}
    | {"x-ms-configapi-powershell-warningmessage"}
)
_BULK = "/teams.sipdevicesgatewaymanagement/"
_DISCOVERY = "/teams.tenant/servicediscovery"
_USER = frozenset({"username", "userprincipalname", "upn", "userid", "mail", "sipaddress"})
_ID = frozenset({"batchid", "tenantid", "objectid", "id", "correlationid", "identity"})
_HARDWARE = frozenset({"hardwareid", "macaddress", "mac"})
#: Names whose words may be seen on any path: they say how the service speaks.
_OPEN = frozenset(
    {"status", "batchstatus", "region", "targetregion", "requesttime", "@odata.type"}
    | {"code", "errorcode", "error", "message", "action"}
    | {"adminserviceendpoint", "configapiendpoint", "x-ms-forest"}
    | {"accounttype", "policytype", "assignmenttype", "capability", "capabilitystatus"}
    | {"featuretypes", "signinmode", "bulksignin", "allowcallredirect", "assignmentcategory"}
    | {"perusermfastate", "healthstate", "signinstate", "usertype", "devicetype", "interfacetype"}
    | {"numbertype", "pstnassignmentstatus", "provisioningstatus", "builtincontrols"}
)
#: What replaces a tenant where none is named.
_NO_TENANT = frozenset({"", "common", "organizations", "consumers"})
_MAX_TEXT = 2000


class Recorder:
    """A watcher that writes to `path`, one JSON object a line, as it happens.

    The file must not be there yet: `UsageError`. It is readable by this user alone. With
    `joining` it must be there, and what others write to it stays whole: each line is written at
    once, at its end.
    """

    def __init__(
        self, path: Path, pseudonyms: Pseudonyms | None = None, *, joining: bool = False
    ) -> None:
        flags = os.O_WRONLY | os.O_APPEND | (0 if joining else os.O_CREAT | os.O_EXCL)
        try:
            fd = open_private(path, flags)
        except OSError as error:
            why = "is there already" if isinstance(error, FileExistsError) else error.strerror
            raise UsageError(
                f"The recording cannot be written to {visible(str(path))}: {why}.",
                remedy="Give --record the name of a new file.",
                code="record",
            ) from error
        self._file = os.fdopen(fd, "wb", buffering=0)
        self._stand_ins = pseudonyms or Pseudonyms()
        if not joining:
            self._write({"siptui_recording": FORMAT, "version": __version__})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __call__(self, exchange: Exchange) -> None:
        """Write one exchange. Nothing of a token request but its place and status is kept."""
        if self._file.closed:
            return
        parts = urlsplit(exchange.url)
        secret = exchange.call is Call.TOKEN
        path = parts.path.casefold()
        known_wire = path.startswith(_BULK) or path == _DISCOVERY
        line: dict[str, Any] = {
            "at": exchange.at.isoformat(timespec="milliseconds"),
            "seconds": round(exchange.seconds, 3),
            "call": exchange.call.value,
            "method": exchange.method,
            "host": visible(self._stand_ins.host(parts.netloc)),
            "path": self._path(parts.path, secret),
            "query": "" if secret else self._query(parts.query, known_wire),
        }
        if not secret:
            line["request_headers"] = self._headers(exchange.request_headers)
            line["request"] = self._body(exchange.request_body, known_wire)
        if answer := exchange.answer:
            line["status"] = answer.status
            if not secret:
                line["headers"] = self._headers(answer.headers)
                line["answer"] = self._body(answer.body, known_wire)
        if failure := exchange.failure:
            line["failure"] = failure.failure.value
            line["sent"] = failure.sent
        self._write(line)

    def _write(self, line: Mapping[str, Any]) -> None:
        left = memoryview(f"{json.dumps(line)}\n".encode())
        while left:  # once, unless the disk is full
            left = left[self._file.write(left) :]

    def _text(self, text: str) -> str:
        return visible(self._stand_ins.scrub(without_secrets(text)))

    def _path(self, path: str, secret: bool) -> str:
        """A path without names, however they are encoded; an authority's begins with a tenant."""
        plain = unquote(path)
        _, slash, rest = plain.partition("/")
        tenant, *_ = rest.split("/", 1)
        if secret and slash and tenant.casefold() not in _NO_TENANT:
            plain = f"/{self._id(tenant)}{rest[len(tenant) :]}"
        return quote(self._text(plain), safe="/@:$(),'=+…")

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers that are known to be harmless; of the others, the names."""
        return {
            name: self._text(value) if name.casefold() in _HEADERS else "…"
            for name, value in headers.items()
        }

    def _query(self, query: str, known_wire: bool) -> str:
        pairs = parse_qsl(query, keep_blank_values=True)
        return urlencode(
            [(name, self._value(name.casefold(), value, known_wire)) for name, value in pairs]
        )

    def _body(self, body: bytes, known_wire: bool) -> Any:
        """`{"json": …}` or `{"text": …}`, or none for an empty one."""
        if not body:
            return None
        try:
            return {"json": self._value("", json.loads(body), known_wire)}
        except (ValueError, RecursionError):
            text = body[:_MAX_TEXT].decode("utf-8", "replace")
            return {"text": self._text(text)}

    def _value(self, name: str, value: Any, known_wire: bool) -> Any:
        if isinstance(value, dict):
            return {
                self._text(key): self._value(key.casefold(), part, known_wire)
                for key, part in value.items()
            }
        if isinstance(value, list):
            return [self._value(name, part, known_wire) for part in value]
        if not isinstance(value, str):
            return value if not isinstance(value, int) or abs(value) < 10**9 else 10**9
        return self._string(name, value, known_wire)

    def _string(self, name: str, value: str, known_wire: bool) -> str:
        stand_ins = self._stand_ins
        if name in _HARDWARE:
            scrubbed = stand_ins.scrub(value)
            return scrubbed if scrubbed != value else stand_ins.word(value)
        if name in _USER:
            return stand_ins.user(value) if "@" in value else self._id(value)
        if name in _ID:
            return self._id(value)
        if name in _OPEN or (known_wire and "name" not in name):
            return self._text(value)[:_MAX_TEXT]
        return stand_ins.word(value)

    def _id(self, value: str) -> str:
        """A stand-in for an id; a plain number says nothing and stays."""
        if value.isascii() and value.isdigit() and len(value) < 10:
            return value
        scrubbed = self._stand_ins.scrub(value)
        return scrubbed if scrubbed != value else self._stand_ins.word(value)
