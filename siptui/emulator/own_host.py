"""Answers only to requests that name this very address.

A web page that the operator has open can have its own name lead to 127.0.0.1 (DNS rebinding): its
script would then talk to the emulator, and hear it, as if it were the page's own server. The `Host`
header tells: it has the page's name.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

_NAMES = ("127.0.0.1", "localhost")
_WHOLE = {80, 443}


class OwnHost:
    """`app`, served on a loopback port; 421 (RFC 9110, section 15.5.20) for any other `Host`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or _is_own(scope):
            await self._app(scope, receive, send)
            return
        while (await receive()).get("more_body"):
            pass
        body = b'{"code":"MisdirectedRequest","message":"The emulator answers to its own address."}'
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 421, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _is_own(scope: Scope) -> bool:
    port = scope["server"][1]
    own = {f"{name}:{port}" for name in _NAMES} | ({*_NAMES} if port in _WHOLE else set())
    told = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    return len(told) == 1 and told[0].casefold() in own
