"""A token store's file, encrypted by the system for this user on this host where it can be.

The file stays JSON, and says whose it is: on another host, or after a move to another system, it
can be told what would read it.
"""

import base64
import json
import platform
from typing import Any

from siptui.domain.errors import Way
from siptui.domain.text import visible
from siptui.host import protection
from siptui.host.protection import ProtectionError
from siptui.host.user import user_name
from siptui.identity.errors import NoProtectionError

_BY = "protected_by"


def protected(content: bytes) -> bytes:
    """`content`, encrypted. Raises `ProtectionError`."""
    return _packed(protection.PROTECTED_BY, protection.protect(content))


def left_plain(content: bytes) -> bytes:
    """`content` as it is, with the word that the operator wants it so: it is not encrypted later,
    in a session that could, since this one would not read it then."""
    return _packed("", content)


def to_write(content: bytes, before: bytes, *, may_be_plain: bool) -> bytes:
    """`content` as it goes into a file that held `before`.

    Raises `NoProtectionError` where the system encrypts, but not for this session, and the file
    neither `may_be_plain` nor was.
    """
    if not protection.PROTECTED_BY:
        return content
    if is_left_plain(before):
        return left_plain(content)
    try:
        return protected(content)
    except ProtectionError as error:
        if may_be_plain or (before and not is_protected(before)):
            return left_plain(content)
        raise NoProtectionError(
            f"{protection.PROTECTED_BY} does not encrypt for this session: {error}. A session that "
            "was opened by an SSH key is given no key for it.",
            way=Way.STORE,
        ) from None


def is_protected(written: bytes) -> bool:
    """Whether that is what `protected` makes."""
    return bool(_envelope(written).get(_BY))


def is_left_plain(written: bytes) -> bool:
    """Whether that is what `left_plain` makes."""
    return _envelope(written).get(_BY) == ""


def content_of(written: bytes) -> bytes:
    """What `protected` or `left_plain` was given; anything else as it is.

    Raises `ProtectionError`, with whom it was written by.
    """
    envelope = _envelope(written)
    if _BY not in envelope:
        return written
    try:
        content = base64.b64decode(envelope.get("content", ""), validate=True)
    except (TypeError, ValueError):
        content = b""
    if not envelope[_BY]:
        return content
    try:
        return protection.unprotect(content)
    except ProtectionError as error:
        whose = _whose(envelope)
        mine = whose == _whose({"user": user_name(), "host": platform.node()})
        hint = "which this session is not given the key of" if mine else "which is not here"
        raise ProtectionError(
            f"{visible(str(envelope[_BY]))} encrypted it for {whose}, {hint}: {error}"
        ) from None


def _packed(by: str, content: bytes) -> bytes:
    return json.dumps(
        {
            _BY: by,
            "user": user_name(),
            "host": platform.node(),
            "content": base64.b64encode(content).decode(),
        }
    ).encode()


def _envelope(written: bytes) -> dict[str, Any]:
    if _BY.encode() not in written[:100]:
        return {}
    try:
        found = json.loads(written)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _whose(envelope: dict[str, Any]) -> str:
    return visible(f"{envelope.get('user')} on {envelope.get('host')}")[:120]
