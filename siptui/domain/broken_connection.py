"""What a service on the same machine raises to have the connection to it break."""

from typing import Literal

#: How: no connection, none in time, reset or closed without an answer, or never an answer.
BreakKind = Literal["refused", "connect_timeout", "reset", "cut", "hang"]


class BrokenLineError(Exception):
    """The connection is to break now. `kind` is a `BreakKind`; `sent` whether bytes of an answer
    went out before."""

    def __init__(self, kind: str, *, sent: bool = False) -> None:
        super().__init__(kind)
        self.kind = kind
        self.sent = sent
