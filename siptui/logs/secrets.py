"""The last net: what looks like a secret never gets into a log, from any message."""

from siptui.domain.patterns import regex

REMOVED = "[removed]"
_NAMES = (
    r"access_token|refresh_token|id_token|device_code|user_code|code_verifier|client_secret"
    r"|client_assertion|client_info|assertion|code|state|nonce|password|passwd|secret"
    r"|authorization|proxy-authorization|cookie|set-cookie"
)
_TOKENS = (
    # JSON Web Tokens, signed or encrypted, and pieces of them
    (regex(r"\beyJ[\w-]{5,}(?:\.[\w-]*)*"), REMOVED),
    # refresh tokens and codes of Entra ID
    (regex(r"\b[01]\.A[A-Za-z0-9_-]{20,}(?:\.[\w-]+)*"), REMOVED),
)
_NETS = (
    *_TOKENS,
    (regex(r"(?i)\b(bearer|basic|negotiate)\s+[\w.~+/=-]+"), rf"\1 {REMOVED}"),
    # name=value of a form or query, "name": "value" of JSON or Python, name: value of a header
    (
        regex(
            rf"(?i)\b({_NAMES})(\\*[\"']?\s*[=:]\s*\\*)"
            r"(?:(\")[^\"]*|(')[^']*|(?!\s|\[removed\])[^\s\"'&,;}]+)"
        ),
        rf"\1\2\3\4{REMOVED}",
    ),
    # user and password in an address, as in HTTPS_PROXY
    (regex(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/]+@"), rf"\1{REMOVED}@"),
)
#: In texts of others. “Bearer token expired”, “error code: 7” are words of an explanation there.
_FOREIGN = (
    *_TOKENS,
    # a header of the request that is repeated in the answer to it
    (
        regex(
            r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(\\*[\"']?\s*[=:\s]\s*\\*[\"'\[]*)"
            r"(?:(?:bearer|basic|negotiate|ntlm|pop|sharedkey)\s+(?:\[removed\]|[^\s\"',;}\]]+)"
            r"|[\w.~+/=-]{16,})"
        ),
        rf"\1\2{REMOVED}",
    ),
    (
        regex(r"(?i)\b(bearer|basic|negotiate)\s+(?=[\w.~+/=-]*\d|[\w.~+/=-]{24})[\w.~+/=-]{8,}"),
        rf"\1 {REMOVED}",
    ),
    (
        regex(
            r"(?i)\b(access_?token|refresh_?token|id_?token|client_?secret|client_?assertion"
            r"|device_?code|code_verifier|passwo?r?d)(\\*[\"']?\s*[=:]\s*\\*[\"']?)"
            r"(?!\[removed\])[^\s\"'&,;}\\]+"
        ),
        rf"\1\2{REMOVED}",
    ),
    (regex(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@]+@"), rf"\1{REMOVED}@"),
)
#: What one of those begins with, or holds, in lower case: nearly no text of a service does.
_PERHAPS = regex(
    r"eyj|[01]\.a|://|authorization|cookie|bearer|basic|negotiate|token|secret|assertion"
    r"|device_?code|code_verifier|passw"
)


def without_tokens(text: str) -> str:
    """`text` of a service without tokens and headers of sign-in that it repeats.

    Applied where such a text is read in, so that no screen, journal or export gets it.
    """
    if text.isascii() and not _PERHAPS.search(text.lower()):
        return text  # in other alphabets the case of a letter is more than `lower` says
    for net, instead in _FOREIGN:
        text = net.sub(instead, text)
    return text


def without_secrets(text: str) -> str:
    """`text` with tokens, codes, passwords and what else looks like one replaced."""
    for net, instead in _NETS:
        text = net.sub(instead, text)
    return text
