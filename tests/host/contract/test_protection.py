"""Encryption by the system, where it has keys for each user."""

import pytest

from siptui.host.protection import PROTECTED_BY, ProtectionError, protect, unprotect

_SECRET = b"a refresh token, and \0 more \xff" * 400


def test_what_is_protected_is_not_to_be_read_and_comes_back() -> None:
    if not PROTECTED_BY:
        with pytest.raises(ProtectionError, match="no keys"):
            protect(_SECRET)
        with pytest.raises(ProtectionError, match="Windows host"):
            unprotect(_SECRET)
        return
    for content in (_SECRET, b"", b"\0"):
        protected = protect(content)
        assert _SECRET[:20] not in protected
        assert protected != content
        assert unprotect(protected) == content
    assert protect(_SECRET) != protect(_SECRET)


def test_what_was_changed_or_never_protected_does_not_come_back() -> None:
    protected = protect(_SECRET) if PROTECTED_BY else _SECRET
    changed = protected[:-40] + bytes([protected[-40] ^ 1]) + protected[-39:]
    for wrong in (changed, protected[:50], b"", b"nothing that was protected"):
        with pytest.raises(ProtectionError) as caught:
            unprotect(wrong)
        assert str(caught.value)
        assert _SECRET[:20] not in str(caught.value).encode()
