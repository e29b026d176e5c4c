"""One call to the keyring, as a process that can be killed: a keyring may hang for ever.

Reads a JSON object (`op` get, set or delete; `service`, `user`, `value`) from standard input and
writes one (`value` or `error`, `backend`) to standard output. Nothing secret is ever an argument.
"""

import contextlib
import json
import sys

from siptui.host.signals import forbid_core_dumps


def _answer(asked: dict[str, str]) -> dict[str, str | None]:
    import keyring
    from keyring.backends import fail, null
    from keyring.errors import PasswordDeleteError

    backend = keyring.get_keyring()
    kind = type(backend)
    named = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(backend, (fail.Keyring, null.Keyring)):
        return {"error": "there is none on this machine", "backend": named}
    if "plaintext" in named.casefold():  # of keyrings.alt: no better than a plain file
        return {"error": "the one set up here keeps its secrets in the clear", "backend": named}
    service, user = asked["service"], asked["user"]
    value: str | None = None
    if asked["op"] == "set":
        keyring.set_password(service, user, asked["value"])
    elif asked["op"] == "delete":
        with contextlib.suppress(PasswordDeleteError):  # not there is what was wanted
            keyring.delete_password(service, user)
    else:
        value = keyring.get_password(service, user)
    return {"value": value, "backend": named}


def main() -> None:
    """Answer the one question on standard input."""
    forbid_core_dumps()
    asked = json.loads(sys.stdin.buffer.read())
    try:
        answer = _answer(asked)
    except Exception as error:  # backends raise whatever they like
        answer = {"error": f"it failed ({type(error).__name__})"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
