"""Takes the token of a request out of an answer that repeats it, whatever it looks like.

Error pages of proxies and gateways show the headers that they were sent. What is told of an answer
later goes to screens, journals and exports, so it is taken out as the answer comes in.
"""

import json
from collections.abc import Mapping
from urllib.parse import quote

from msgspec.structs import replace

from siptui.logs.secrets import REMOVED
from siptui.transport.messages import Answer

#: A shorter token may be a word of the answer: “any” will do for an emulator.
_LEAST = 12


def without_sent_token(answer: Answer, request_headers: Mapping[str, str]) -> Answer:
    """`answer` without the token of the `Authorization` header that the request had."""
    token = request_headers.get("Authorization", "").rpartition(" ")[2]
    if len(token) < _LEAST:
        return answer
    in_json = json.dumps(token)[1:-1]
    forms = {token, quote(token, safe=""), in_json, in_json.replace("/", "\\/")}
    body, headers = answer.body, dict(answer.headers)
    for form in forms:
        body = body.replace(form.encode(), REMOVED.encode())
        headers = {name: value.replace(form, REMOVED) for name, value in headers.items()}
    return replace(answer, body=body, headers=headers)
