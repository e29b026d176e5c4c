"""Answers with an unexpected JSON value put in at a given place."""

import json
from typing import Any


def put_in(value: Any, place: str, odd: Any, *, insert: bool = False) -> Any:
    """`value` with `odd` at `place`, a path of names (without case) and indices set apart by
    dots; nothing in it stands for the whole, `*` for every entry.

    With `insert` it becomes a further entry of a list, before the one at `place`. What is not
    there stays as it is.
    """
    head, _, rest = place.partition(".")
    if not head:
        return odd
    if isinstance(value, dict):
        return {
            key: put_in(part, rest, odd, insert=insert)
            if head == "*" or key.casefold() == head.casefold()
            else part
            for key, part in value.items()
        }
    if not isinstance(value, list):
        return value
    if insert and not rest and head.isdigit():
        at = int(head)
        return [*value[:at], odd, *value[at:]]
    return [
        put_in(part, rest, odd, insert=insert) if head in ("*", str(at)) else part
        for at, part in enumerate(value)
    ]


def odd_body(body: bytes, place: str, put: str, *, insert: bool) -> bytes:
    """The JSON in `body` with the JSON in `put` at `place`; what is no JSON stays as it is."""
    try:
        value = json.loads(body)
    except ValueError:
        return body
    return json.dumps(put_in(value, place, json.loads(put), insert=insert)).encode()
