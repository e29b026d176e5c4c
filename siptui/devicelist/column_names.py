"""What the name of a column says about it: which role it may have, and which it never has."""

import re
from collections.abc import Mapping
from functools import lru_cache

from siptui.domain.columns import KNOWN, OTHERS, folded_name
from siptui.domain.patterns import regex

#: How well a name fits a role: as one of the usual names, or by a telling part of it.
USUAL, PART, NOTHING = 2, 1, 0

# “WiFiMacAddress” and “oldmac” say what “Wi-Fi MAC address” and “Old MAC” say.
_CAMEL = regex(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_JOINED = regex(r"(?:mac\w*|upn)$")
_BREAKS = regex(r"[\W_]+")

_PARTS: Mapping[str, re.Pattern[str]] = {
    "username": regex(
        r"\bupn\b|user ?principal ?name|user ?name|benutzername|user ?id\b|\be ?mail\b|"
        r"\baccount\b|konto\b|\bcompte\b|\bcuenta\b|\bsip (?:address|uri)\b|\blog[io]n\b|"
        r"\bsign(?:ed)? in\b|nom d ?utilisateur|gebruikersnaam|nome utente"
    ),
    "hardware_id": regex(r"\bmac\b|mac ?addr|mac ?adr|hardware ?id|\bethernet\b|physical address"),
    "onboarded_at": regex(r"\bonboard\w*|\bprovision(?:ed|ing)\b"),
    "signed_out_at": regex(r"\bsigned out\b|\bsign ?out\b"),
}
#: What says that an address or a name is that of another thing or person than the phone and the
#: account to be signed in on it: such a column is read only where the operator names it.
_NEVER: Mapping[str, re.Pattern[str]] = {
    "username": regex(
        r"\b(?:contact\w*|kontakt\w*|contat\w*|owner\w*|manager\w*|supervisor\w*|request\w*|"
        r"approv\w*|technician\w*|install\w*|created|creator|modified|updated|changed|by|"
        r"responsib\w*|responsable\w*|previous|former|old|private|personal|notif\w*|support|"
        r"help ?desk|vendor|billing|sponsor\w*|report\w*|ansprechpartner\w*|verantwortlich\w*|"
        r"vorgesetzt\w*|besitzer\w*|eigentumer\w*|inhaber\w*|ersteller\w*|alte?[rs]?|fruher\w*|"
        r"demandeur\w*|proprietaire\w*|ancien\w*|propietario\w*|solicitante\w*|referente\w*|"
        r"proprietario\w*|eigenaar\w*|aanvrager\w*)\b"
    ),
    "hardware_id": regex(
        r"\b(?:old|prev(?:ious)?|former(?:ly)?|before|alte?[rsn]?|alternat\w*|replaced|swapped|"
        r"defect\w*|defekt\w*|broken|faulty|dead|retired|returned|removed|decommission\w*|"
        r"scrapped|stolen|spare|pc|laptop|notebook|desktop|computer|rechner|"
        r"workstation|tablet|server|printer|drucker|scanner|camera|kamera|tv|"
        r"dock\w*|w ?lan ?\d*|802 ?11\w*|wi ?fi ?\d*|wireless|drahtlos\w*|funk|bluetooth|bt|ble|"
        r"switch\w*|router\w*|default gateway|firewall|modem|ap|access ?point|uplink|"
        r"neighbou?r|lldp|cdp|ancien\w*|antigu\w*|anterior\w*|vecchi\w*|oude?|precedente?|"
        r"ordinateur|portatil|imprimante|impresora|stampante|sans fil|inalambric\w*|senza fili|"
        r"draadlo\w*|conmutador|commutateur)\b"
    ),
}


@lru_cache(maxsize=4096)
def spaced(name: str) -> str:
    """`name` in small letters, its words with single blanks between, without marks."""
    words = []
    for word in _BREAKS.split(_CAMEL.sub(" ", name.replace("MACa", "Maca"))):
        small = folded_name(word)
        joined = _JOINED.search(small)
        if joined and joined.start():
            words += [small[: joined.start()], small[joined.start() :]]
        elif small:
            words.append(small)
    return " ".join(words)


def fits(key: str, name: str) -> int:
    """How well `name` fits the column `key` of `COLUMNS`: `USUAL`, `PART` or `NOTHING`."""
    if folded_name(name) in _USUAL[key]:
        return USUAL
    part = _PARTS.get(key)
    return PART if part is not None and part.search(spaced(name)) else NOTHING


def rank(key: str, name: str) -> int:
    """The place of `name` among the usual names of `key`, the plainest first."""
    folded = folded_name(name)
    known = KNOWN[key]
    return known.index(folded) if folded in _USUAL[key] else len(known)


def never(key: str, name: str) -> bool:
    """Whether `name` says that the column of users or devices is about another person or thing."""
    return _NEVER[key].search(spaced(name)) is not None


def spoken_for(key: str, name: str) -> bool:
    """Whether `name` is that of another column than `key`."""
    folded = folded_name(name)
    return folded in OTHERS or any(
        folded in names for other, names in _USUAL.items() if other != key
    )


_USUAL: Mapping[str, frozenset[str]] = {key: frozenset(names) for key, names in KNOWN.items()}
