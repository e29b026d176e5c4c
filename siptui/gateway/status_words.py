"""What status words of batches and devices say, and what they leave open.

Seen are `Completed` of a batch, `success` and `failed` of a device (the public bulk sign-in
script, a picture of a real tenant). The other words for the end of a batch are those of
Microsoft's neighbouring services; none of them says what became of a device.
"""

import re
from functools import lru_cache

from siptui.domain.patterns import regex
from siptui.gateway.protocol import Phase

_SUCCEEDED = frozenset({"success", "succeeded", "successful"})
_FAILED = frozenset({"failed", "failure", "error"})
_WITH = r"(?:with(?:some|partial)?(?:errors?|failures?|warnings?|exceptions?|issues?))?"
#: A batch that is over: as a whole, in part, with errors, or because it was ended.
_OVER = regex(
    rf"(?:partial(?:ly)?)?(?:completed?|success|succeeded|successful|failed|failure|finished){_WITH}"
    r"|(?:completed?|finished)partial(?:ly)?|error|time[d]?out|cancell?ed|aborted|expired|terminated"
)


def item_phase(word: str) -> Phase:
    """What a device's status word says; a word that is not known says nothing is over."""
    word = word.strip().casefold()
    if word in _SUCCEEDED:
        return Phase.SUCCEEDED
    return Phase.FAILED if word in _FAILED else Phase.RUNNING


@lru_cache(maxsize=256)
def batch_phase(word: str) -> Phase:
    """What a batch's status word says; a word that is not known says nothing is over.

    Case, blanks, `_` and `-` make no difference. A handful of words comes again and again.
    """
    plain = re.sub(r"[\s_-]", "", word.casefold())
    known = item_phase(plain)
    if known is not Phase.RUNNING:
        return known
    return Phase.COMPLETED if _OVER.fullmatch(plain) else Phase.RUNNING


def ended(word: str) -> bool:
    """Whether a device's word says that it is over, without saying how."""
    return item_phase(word) is Phase.RUNNING and batch_phase(word) is not Phase.RUNNING
