"""A sign-in handed to a worker that is at work: what it takes, what it refuses, in which order."""

import asyncio
import base64
import json
import time
from pathlib import Path

import pytest

from siptui.domain.errors import SignInNeededError, SiptuiError
from siptui.emulator.entra.tokens import TEAMS_API, TEAMS_MODULE
from siptui.identity.device_code import DeviceCodeSignIn
from siptui.identity.environment import FILE
from siptui.identity.handoff import HandedTokens, Handoff, handoff_of
from siptui.identity.store import FileStore, MemoryStore, StoreKind, TokenStore
from tests.identity.conftest import Authority


def _jwt(**claims: object) -> str:
    parts = [{"alg": "none"}, claims]
    return (
        ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in parts
        )
        + ".c2ln"
    )


def _good(authority: Authority, **more: object) -> str:
    tenant = authority.registration().tenant
    return _jwt(**{"aud": TEAMS_API, "tid": tenant, "exp": time.time() + 3000} | more)


class _Worker:
    """A token source with the lines that were sent to it."""

    def __init__(
        self, authority: Authority, given: Handoff, store: TokenStore | None = None, **environ: str
    ) -> None:
        self.sent: list[bytes] = []
        self.refused: list[SiptuiError] = []
        self.tokens = HandedTokens(
            authority.registration(),
            environ,
            lambda: store,
            given,
            look=self._look,
            refused=self.refused.append,
        )

    def _look(self) -> list[bytes]:
        sent, self.sent = self.sent, []
        return sent

    def token(self) -> str:
        return asyncio.run(self.tokens.token())


def _signed_in(authority: Authority, store: TokenStore) -> None:
    authority.state.approve_after = 0

    async def go() -> None:
        attempt = DeviceCodeSignIn(authority.registration(), store, sleep=authority.sleep)
        await attempt.start()
        await attempt.wait()

    asyncio.run(go())


def test_a_new_token_is_used_from_the_next_call_on(authority: Authority) -> None:
    first, second = _good(authority), _good(authority, n=2)
    worker = _Worker(authority, Handoff(token=first))
    assert worker.token() == first
    worker.sent = [b"nonsense", Handoff(token=second).line()]
    assert worker.token() == second
    assert len(worker.refused) == 1
    assert second not in repr(worker.tokens) + repr(Handoff(token=second))


def test_what_is_of_no_use_leaves_the_token_at_hand(authority: Authority) -> None:
    first = _good(authority)
    worker = _Worker(authority, Handoff(token=first))
    other = _good(authority, tid="11111111-1111-4111-8111-111111111111")
    worker.sent = [
        Handoff(token=other).line(),
        Handoff(token=_good(authority, exp=1)).line(),
        Handoff(token="with\nbreaks").line(),
        Handoff(sign_in="{}").line(),
    ]
    assert worker.token() == first
    assert len(worker.refused) == 4
    assert all(other not in error.message + error.remedy for error in worker.refused)


def test_a_whole_sign_in_kept_nowhere_renews_itself_in_the_worker(authority: Authority) -> None:
    worker = _Worker(authority, Handoff())
    with pytest.raises(SignInNeededError):
        worker.token()
    memory = MemoryStore()
    _signed_in(authority, memory)
    content = memory.read()
    assert content is not None
    worker.sent = [Handoff(sign_in=content.decode()).line()]
    first = worker.token()
    assert first.startswith("eyJ")
    assert asyncio.run(worker.tokens.token(refresh=True)) != first
    account = worker.tokens.account()
    assert account is not None
    assert account.user == "operator@contoso.com"


def test_a_sign_in_for_another_client_is_not_taken(authority: Authority) -> None:
    memory = MemoryStore()
    _signed_in(authority, memory)
    content = json.loads(memory.read() or b"{}")
    assert content["client_id"] == TEAMS_MODULE
    worker = _Worker(authority, Handoff(token=(first := _good(authority))))
    worker.sent = [Handoff(sign_in=json.dumps(content | {"client_id": "another"})).line()]
    assert worker.token() == first
    (error,) = worker.refused
    assert "another cloud, tenant or client" in error.message


def test_the_word_to_use_the_store_beats_a_token_of_the_environment(
    authority: Authority, tmp_path: Path
) -> None:
    store = FileStore(tmp_path / "state", StoreKind.FILE)
    store.prepare()
    given = tmp_path / "token"
    given.write_text(_good(authority))
    worker = _Worker(authority, Handoff(), store, **{FILE: str(given)})
    assert worker.token() == given.read_text()
    given.write_text(_good(authority, n=2))  # renewed by whoever keeps it
    assert worker.token() == given.read_text()
    _signed_in(authority, store)
    worker.sent = [Handoff().line()]
    assert worker.token() not in ("", given.read_text())
    assert not worker.refused


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b'{"token": 1, "sign_in": ""}', b"\xff"])
def test_a_line_that_is_none_of_ours_is_no_handoff(line: bytes) -> None:
    assert handoff_of(line) is None
