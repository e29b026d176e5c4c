"""Dates as people and spreadsheet programs write them, read for a column as a whole.

A missed deadline means a factory reset of the phone, so nothing is guessed: whether 3/4/2026 is a
day in April or in March is decided by the whole column, or asked.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from msgspec import Struct, field

from siptui.devicelist.model import Option, Question, UndecidedError
from siptui.domain.errors import UsageError
from siptui.domain.list_options import DAY_FIRST
from siptui.domain.patterns import regex
from siptui.domain.text import visible

_MONTHS = (
    ("jan", "january", "januar", "janvier", "enero", "gennaio", "januari", "jän", "jänner"),
    ("feb", "february", "februar", "février", "febrero", "febbraio", "februari"),
    ("mar", "march", "märz", "mär", "mrz", "mars", "marzo", "maart", "mrt"),
    ("apr", "april", "avril", "abril", "aprile"),
    ("may", "mai", "mayo", "maggio", "mei"),
    ("jun", "june", "juni", "juin", "junio", "giugno"),
    ("jul", "july", "juli", "juillet", "julio", "luglio"),
    ("aug", "august", "août", "agosto", "augustus"),
    ("sep", "sept", "september", "septembre", "septiembre", "settembre"),
    ("oct", "october", "okt", "oktober", "octobre", "octubre", "ottobre"),
    ("nov", "november", "novembre", "noviembre"),
    ("dec", "december", "dez", "dezember", "décembre", "diciembre", "dicembre"),
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}
_DAYS = frozenset(
    (
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon"),
        *("tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat"),
        *("sun",),
        *(
            "montag",
            "dienstag",
            "mittwoch",
            "donnerstag",
            "freitag",
            "samstag",
            "sonnabend",
            "sonntag",
        ),
        *("mo", "di", "mi", "do", "fr", "sa", "so"),
        *("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "lun"),
        *("mar", "mer", "jeu", "ven", "sam", "dim"),
        *("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo", "mié"),
        *("jue", "vie", "sáb", "dom"),
        *("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica", "gio"),
        *("sab",),
        *("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag", "ma"),
        *("wo", "vr", "za", "zo"),
    )
)
_DAY = regex(r"([^\W\d]{2,10})\.?,?\s+")
_CLOCK = (
    r"(?:(?:[ ,T]+|\s+(?:um|at|à|kl\.?|alle|om|a las)\s+)"
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?"
    r"(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[ap]\.?m\.?)?(?:\s*(?:Uhr|h))?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
)
_DOTTED = regex(
    r"(?P<a>\d{1,2})\.\s?(?P<b>\d{1,2})\.\s?(?P<year>\d{4}|\d{2})(?:\s?r\.)?" + _CLOCK, re.I
)
_SLASHED = regex(r"(?P<a>\d{1,2})([/\-])(?P<b>\d{1,2})\2(?P<year>\d{4}|\d{2})" + _CLOCK, re.I)
_YEAR_FIRST = regex(
    r"(?P<year>\d{4})([/.\-])\s?(?P<b>\d{1,2})\2\s?(?P<a>\d{1,2})\.?" + _CLOCK, re.I
)
_NAMED = regex(
    r"(?:(?P<a>\d{1,2})(?:\.|st|nd|rd|th|er|º)?[ \-]?(?:of |de )?(?P<name>[^\W\d]{3,10})|"
    r"(?P<name2>[^\W\d]{3,10})\.?\s(?P<a2>\d{1,2})(?:st|nd|rd|th)?)\.?,?[ \-](?:de |del )?"
    r"(?P<year>\d{4}|\d{2})" + _CLOCK,
    re.I,
)
#: What a cell shows for the marks of direction that programs put around dates.
_MARK = regex(r"\\u200[ef]")
_SERIAL = regex(r"[0-9]{5}(?:[.,][0-9]+)?")
#: Days that Excel counts from (the day 60 that never was comes before any phone of this kind).
_EPOCH = datetime(1899, 12, 30)
_SERIALS = (36_526.0, 73_050.0)  # 2000 to 2099
#: Two digits that may be the year of a phone in use, and the last day of a month.
_YEARS, _LAST = range(20, 40), 31
#: SIP Gateway came in 2021; a phone was onboarded then at the earliest.
_SENSIBLE = range(2020, 2051)
_OFFSET = regex(r"([+-])(\d{2}):?(\d{2})")


def zone_named(text: str) -> tzinfo:
    """The zone `text` names: an IANA name, `UTC` or an offset such as `+02:00`. Raises
    `UsageError`."""
    if found := _OFFSET.fullmatch(text.strip()):
        sign, hours, minutes = found.groups()
        ahead = timedelta(hours=int(hours), minutes=int(minutes))
        if ahead < timedelta(hours=24):
            return timezone(ahead if sign == "+" else -ahead)
    if text.strip().upper() in ("UTC", "Z"):
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(text.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"--timezone {visible(text)}: no such time zone.",
            remedy="Use a name such as Europe/Berlin, UTC, or an offset such as +01:00.",
        ) from None


class DateColumn(Struct):
    """One column of dates, `name`. `zone` is for those that name none (none: the host's own),
    `day_first` how `slashed` ones are read; `years_open` says that a year of two digits could be
    the first number or the last. `local` says whether any was read by the zone."""

    name: str
    zone: tzinfo | None
    day_first: bool
    slashed: bool = False
    years_open: bool = False
    local: bool = False
    _known: dict[str, datetime | None] = field(default_factory=dict)

    def decided(self) -> str:
        """What was decided about the column, or nothing where it left nothing open."""
        parts = []
        if self.slashed:
            parts.append("with the day first" if self.day_first else "with the month first")
        if self.local:
            zone = str(self.zone) if self.zone else datetime.now().astimezone().tzname()
            parts.append(f"in the time zone {zone}{'' if self.zone else ' of this computer'}")
        return f"Dates of “{self.name}” were read {' and '.join(parts)}" if parts else ""

    def read(self, text: str) -> datetime | None:
        """The moment that `text` names, with a zone; none if it is no date."""
        if text not in self._known:
            self._known[text] = self._read(text)
        return self._known[text]

    def why_not(self, text: str) -> str:
        """What is wrong with `text`, which is no date."""
        if self.years_open and _two_digits(text):
            return (
                "the year may be the first number or the last, so no deadline is known; write it "
                "with four digits, or say --day-first"
            )
        return (
            "not a date that could be read, so no deadline is known; write it as 2026-11-25 or "
            "2026-11-25T14:00:00Z"
        )

    def _read(self, text: str) -> datetime | None:
        if self.years_open and _two_digits(text):
            return None
        found = _moment(text, self.day_first)
        if found is None or found.tzinfo is not None:
            return found
        self.local = True
        try:
            return found.replace(tzinfo=self.zone) if self.zone else found.astimezone()
        except (OverflowError, OSError, ValueError):
            return None


def date_column(
    where: str,
    name: str,
    cells: Iterable[str],
    names: Iterable[str],
    *,
    zone: tzinfo | None,
    day_first: bool | None,
) -> DateColumn:
    """How the column `name` with these `cells` is read.

    Raises `UndecidedError` where days and months cannot be told apart and `day_first` does not
    say; `where` and the headers `names` are for that.
    """
    first = second = open_ = ""
    years_open: bool | None = None
    for cell in cells:
        found = _SLASHED.fullmatch(_plain(cell))
        if found is None:
            continue
        if len(found["year"]) == 2 and years_open is not False:
            years_open = _year_may_lead(found)
        a, b = int(found["a"]), int(found["b"])
        if a > 12 >= b:
            first = first or cell
        elif b > 12 >= a:
            second = second or cell
        elif a != b and a <= 12:
            open_ = open_ or cell
    years_open = bool(years_open) and day_first is None
    if day_first is None and ((first and second) or (open_ and not (first or second))):
        raise _asked(where, name, names, first, second, open_)
    slashed = bool(first or second or open_)
    return DateColumn(
        name, zone, bool(first) if day_first is None else day_first, slashed, years_open
    )


def _asked(
    where: str, name: str, names: Iterable[str], first: str, second: str, open_: str
) -> UndecidedError:
    if not first:
        said = f"“{open_}” in “{name}” can be read with the day first or with the month first."
    else:
        said = (
            f"“{name}” has dates with the day first (“{first}”) and the month first (“{second}”)."
        )
    example = open_ or first
    options = []
    for answer, day_first in ((DAY_FIRST, True), ("month first", False)):
        moment = _moment(example, day_first)
        meant = f"{example} is {moment.day} {moment:%B %Y}" if moment else f"{example} is no date"
        options.append(Option(answer, (), meant))
    return UndecidedError(
        f"{where}: {said}",
        Question("dates", "How are the dates written?", tuple(options)),
        remedy="Say which: --day-first or --month-first; or write them as 2026-11-25.",
        names=tuple(names),
        code="ambiguous_date",
    )


def is_sensible(moment: datetime) -> bool:
    """Whether a phone can have been onboarded then."""
    return moment.year in _SENSIBLE


def _two_digits(text: str) -> bool:
    found = _SLASHED.fullmatch(_plain(text))
    return found is not None and len(found["year"]) == 2


def _year_may_lead(found: re.Match[str]) -> bool:
    """Whether 26/11/25 may be the 25th of November 2026."""
    return int(found["a"]) in _YEARS and int(found["b"]) <= 12 and 1 <= int(found["year"]) <= _LAST


def _plain(text: str) -> str:
    """`text` with plain blanks, without marks of direction and the name of a day before it."""
    text = " ".join(_MARK.sub("", text).split())
    day = _DAY.match(text)
    if day is None or day.group(1).casefold() not in _DAYS:
        return text
    # “Mar 25, 2026” is in March, “mar 25/3/2026” a mardi.
    return text if _NAMED.fullmatch(text) else text[day.end() :]


def is_date(text: str) -> bool:
    """Whether `text` is a date in any form that is read."""
    return (_moment(text, True) or _moment(text, False)) is not None


def _moment(text: str, day_first: bool) -> datetime | None:
    text = _plain(text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    if _SERIAL.fullmatch(text):
        days = float(text.replace(",", "."))
        if _SERIALS[0] <= days <= _SERIALS[1]:
            return _EPOCH + timedelta(seconds=round(days * 86_400))
        return None
    if found := _YEAR_FIRST.fullmatch(text) or _DOTTED.fullmatch(text):
        return _made(found, int(found["a"]), int(found["b"]))
    if found := _SLASHED.fullmatch(text):
        a, b = int(found["a"]), int(found["b"])
        return _made(found, a, b) if day_first else _made(found, b, a)
    if found := _NAMED.fullmatch(text):
        month = _MONTH.get((found["name"] or found["name2"]).casefold())
        return _made(found, int(found["a"] or found["a2"]), month) if month else None
    return None


def _made(found: re.Match[str], day: int, month: int) -> datetime | None:
    year = int(found["year"])
    year += 2000 if year < 100 else 0
    hour, half = int(found["hour"] or 0), (found["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    try:
        clock = time(hour, int(found["minute"] or 0), int(found["second"] or 0))
        moment = datetime.combine(date(year, month, day), clock)
        zone = found["zone"]
        return moment.replace(tzinfo=zone_named(_full(zone))) if zone else moment
    except (ValueError, UsageError):
        return None


def _full(zone: str) -> str:
    return "UTC" if zone.upper() == "GMT" else zone
