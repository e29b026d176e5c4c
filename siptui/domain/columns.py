"""The columns of a device list: what they are called, and which header is what where that is said.

The names are those of the Teams admin center's exports and `Get-CsOnlineUser`, Poly Lens, Yealink
YMCS, AudioCodes Device Manager, Webex Control Hub, Zoom, NetBox, Snipe-IT, GLPI, CUCM BAT,
FusionPBX and Intune, and of the article that this job is described in (Microsoft Learn, "Configure
SIP Gateway"), in English, German, French, Spanish, Dutch and Italian.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from siptui.domain.errors import UsageError
from siptui.domain.text import visible

#: What a header can be named for, and the header that siptui itself writes for it.
COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "username": "Username",
        "hardware_id": "HardwareId",
        "region": "Region",
        "port": "Port",
        "model": "Model",
        "onboarded_at": "OnboardedAt",
        "signed_out_at": "SignedOutAt",
        "phone_number": "PhoneNumber",
        "number_type": "NumberType",
        "site": "Site",
        "public_ip": "PublicIP",
    }
)
#: Without these there is no device.
NEEDED = ("username", "hardware_id")
#: What the columns are called in messages.
WHAT: Mapping[str, str] = MappingProxyType(
    {
        "username": "user name",
        "hardware_id": "hardware id",
        "region": "region",
        "port": "port",
        "model": "model",
        "onboarded_at": "date of onboarding",
        "signed_out_at": "date of sign-out",
        "phone_number": "phone number",
        "number_type": "kind of the number",
        "site": "site",
        "public_ip": "public address",
    }
)
# Everything but letters and digits: blanks, `_`, `-`, `.`, `/`, brackets, and the apostrophe in
# each of its forms.
_FOLD = re.compile(r"[\W_]+")


@lru_cache(maxsize=4096)
def folded_name(name: str) -> str:
    """What spellings of one header have in common: its letters and digits, without case and marks.

    “Nom d’utilisateur” and “NOM_D'UTILISATEUR” are one, as are “Gerät” and “gerat”.
    """
    plain = unicodedata.normalize("NFKD", name) if not name.isascii() else name
    return _FOLD.sub("", "".join(c for c in plain if not unicodedata.combining(c))).casefold()


def _known(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(folded_name(name) for name in text.split("|")))


#: The usual names of a column, folded, the plainest first.
KNOWN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "username": _known(
            "Username|User Principal Name|UPN|User|Benutzername|Benutzer|Benutzerprinzipalname|"
            "Anmeldename|Account|Account name|User account|Konto|Kontoname|Benutzerkonto|"
            "Sign-in name|Sign-in|Signed-in user|Login|Login name|Logon|Logon name|User ID|"
            "User email|SIP address|SIP URI|SIP account|SIP|Email address|Email|Mail|"
            "Primary SMTP address|Device username|E-Mail-Adresse|Utilisateur|Usager|"
            "Nom d'utilisateur|"
            "Nom de l'utilisateur|Identifiant|Compte|Compte utilisateur|Adresse e-mail|Courriel|"
            "Adresse de messagerie|Usuario|Nombre de usuario|Cuenta|Cuenta de usuario|Correo|"
            "Correo electrónico|Dirección de correo|Utente|Nome utente|Account utente|"
            "Indirizzo e-mail|Posta elettronica|Gebruiker|Gebruikersnaam|Gebruikersaccount|"
            "E-mailadres|Aanmeldnaam"
        ),
        "hardware_id": _known(
            "HardwareId|HW ID|MAC address|MAC|MAC-Adresse|MAC addr|Hardware address|"
            "Hardwareadresse|Ethernet address|Ethernet MAC|Ethernet MAC address|LAN MAC|"
            "LAN MAC address|Physical address|Physische Adresse|Device MAC|Device MAC address|"
            "Device address|Phone MAC|Phone MAC address|Primary MAC address|Adresse MAC|"
            "Adresse physique|Dirección MAC|Dirección física|Indirizzo MAC|Indirizzo fisico|"
            "MAC-adres|Hardwareadres|Fysiek adres|Device ID|Device name|Device|Gerät|Gerätename|"
            "Appareil|Dispositivo|Apparaat"
        ),
        "region": _known("Region|Target region|SIP Gateway region|Région|Región|Regione|Regio"),
        "port": _known(
            "Port|Port number|Port no|Port nr|FXS port|FXS|ATA port|Analog port|Analogport|"
            "Phone port|Portnummer|Puerto|Porta|Poort|Numéro de port"
        ),
        "model": _known(
            "Model|Device model|Phone model|Device type|Product|Modell|Gerätemodell|Gerätetyp|"
            "Modèle|Modelo|Modello|Type d'appareil|Hardware model"
        ),
        "onboarded_at": _known(
            "OnboardedAt|Onboarded|Onboarding date|Onboarded on|Date onboarded|Provisioned at|"
            "Provisioned|Provisioned on|Provisioning date"
        ),
        "signed_out_at": _known("SignedOutAt|Signed out|Signed out on|Sign-out date"),
        "phone_number": _known(
            "PhoneNumber|Phone no|Telephone number|Line URI|TelURI|Assigned number|DID|DDI|"
            "Direct number|Rufnummer|Telefonnummer|Durchwahl|Numéro de téléphone|"
            "Número de teléfono|Numero di telefono|Telefoonnummer"
        ),
        "number_type": _known("NumberType|PhoneNumberType|Telephone number type|Type of number"),
        "site": _known(
            "Site|Site name|Location|Building|Office|Standort|Gebäude|Lieu|Bâtiment|Sitio|"
            "Ubicación|Edificio|Sede|Locatie|Gebouw"
        ),
        "public_ip": _known(
            "PublicIP|Public IP address|Public address|Public IPv4|Public IPv4 address|Public IPv6|"
            "Public IP range|Public range|External IP|External IP address|External address|"
            "Internet IP|Internet address|WAN IP|WAN IP address|WAN address|NAT IP|NAT address|"
            "Egress IP|Egress address|Outbound IP|Site public IP|Öffentliche IP|"
            "Öffentliche IP-Adresse|Öffentliche Adresse|Externe IP|Externe IP-Adresse|IP publique|"
            "Adresse IP publique|Adresse publique|IP pública|Dirección IP pública|IP pubblico|"
            "Indirizzo IP pubblico|Openbaar IP-adres|Publiek IP-adres|Openbaar IP"
        ),
    }
)
#: Columns that hold none of these whatever their cells look like: a serial number of twelve
#: digits is no MAC address.
OTHERS: frozenset[str] = frozenset(
    _known(
        "Serial|Serial number|Serial no|S/N|SN|Seriennummer|Numéro de série|Número de serie|"
        "Numero di serie|Serienummer|Asset tag|Asset|Inventory number|IP|IP address|Extension|"
        "Display name|Name|Description|Firmware|Device UUID|UUID|GUID|Object ID|Order number"
    )
)


@dataclass(frozen=True, slots=True)
class Mapped:
    """The headers that are named: for a key of `COLUMNS` the header, or several of which a list
    has one; none to leave the column out. `origin` is where that is written, for people. `given`
    are the keys that were named for this very list: their headers must be there."""

    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    origin: str = ""
    given: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.headers)

    def origin_of(self, key: str) -> str:
        """Where the header of `key` is written, for people."""
        return f"--column {key}" if key in self.given else f"“{key}” in {self.origin}"

    def over(self, other: "Mapped") -> "Mapped":
        """These headers, and those of `other` for what is not named here."""
        if not self.headers:
            return other
        given = self.given | other.given
        return Mapped({**other.headers, **self.headers}, other.origin or self.origin, given)


def named_headers(pairs: Iterable[str]) -> Mapped:
    """The headers that `NAME=HEADER` texts name, for one list; nothing behind `=` leaves the column
    out. Raises `UsageError`."""
    headers: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        key, equals, header = pair.partition("=")
        key = key.strip().replace("-", "_").casefold()
        if not equals or key not in COLUMNS:
            raise UsageError(
                f"--column {visible(pair)}: not NAME=HEADER with one of the names "
                f"{', '.join(COLUMNS)}.",
                remedy="Such as --column username=Account, or --column region= to leave one out.",
            )
        if key in headers:
            raise UsageError(f"--column names {key} twice.")
        if not header.strip() and key in NEEDED:
            raise UsageError(f"--column {key}= names no header, and no list can do without it.")
        headers[key] = (header.strip(),) if header.strip() else ()
    taken: dict[str, str] = {}
    for key, names in headers.items():
        for name in names:
            if (other := taken.setdefault(name, key)) != key:
                raise UsageError(f"--column names “{visible(name)}” for {other} and for {key}.")
    return Mapped(headers, "--column", frozenset(headers)) if headers else NOT_MAPPED


def columns_read(headers: Mapping[str, str]) -> str:
    """Which headers the user names and hardware ids were read from, in one sentence; nothing where
    that is not known, as of a run of an earlier version."""
    user, hardware = (headers.get(key) for key in NEEDED)
    if not user or not hardware:
        return ""
    return f"User names are read from “{user}”, hardware ids from “{hardware}”."


def cell_of(extra: Mapping[str, str], key: str) -> str:
    """What stands in the column for `key` among further columns, under any of its usual names."""
    if not extra:
        return ""
    cells: dict[str, str] = {}
    for head, cell in extra.items():
        cells.setdefault(folded_name(head), cell)
    return next((cells[name].strip() for name in KNOWN[key] if name in cells), "")


#: No header is named: the ones that are known by themselves hold.
NOT_MAPPED = Mapped()
