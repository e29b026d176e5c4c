"""Which port of an analog adapter a row is about, where the list has a column for it.

A Port column is read where the row's model is an adapter, where its header says so (“FXS port”),
where the operator named it, and where one address stands in several rows with a port of its own
each. Elsewhere it is a switch port or the port of a server, and is left alone.
"""

import re
from collections.abc import Sequence

from siptui.devicelist.column_choice import as_option
from siptui.devicelist.column_names import spaced
from siptui.domain.adapters import MOST_PORTS, Adapter
from siptui.domain.patterns import regex

_PORT = regex(
    r"(?:fxs|port|analog|line|tel|ch(?:annel)?|p)?[\s\-_#.:/]*0*([0-9]{1,3})(?:[.,]0+)?",
    re.IGNORECASE,
)
_SAYS = regex(r"\b(?:fxs|ata|analog\w*|adapter)\b")
_MARKS = regex(r"^(?:SEP|ATA)|[-:. ]", re.IGNORECASE)
_PORT_BEHIND = regex(r":[0-9]{3}$")
_DIGITS = regex(r"[0-9A-F]{12}")


def port_in(text: str) -> int | None:
    """The port that a cell such as `1`, `001`, `FXS 2` names, or none."""
    found = _PORT.fullmatch(text)
    port = int(found.group(1)) if found else 0
    return port if 1 <= port <= MOST_PORTS else None


def plain_digits(cell: str) -> str:
    """The digits of an address without prefix and separators, if there are twelve; or nothing."""
    digits = _MARKS.sub("", cell).upper()
    return digits if _DIGITS.fullmatch(digits) else ""


class Ports:
    """The rule by which the Port column of one list is read.

    `rows` are the cells, `column` and `hardware` the places of the two columns, `header` the name
    of the first; `named` where the operator said which it is.
    """

    def __init__(
        self,
        rows: Sequence[Sequence[str]],
        column: int,
        hardware: int,
        header: str,
        *,
        named: bool,
    ) -> None:
        self.all = named or _SAYS.search(spaced(header)) is not None
        self._repeated = frozenset[str]() if self.all else _repeated(rows, column, hardware)
        self._header = header
        self._applied = self._passed = False

    def applies(self, adapter: Adapter | None, mac: str, cell: str) -> bool:
        """Whether `cell`, the port in a row with this model and address, is that of an adapter."""
        applies = self.all or adapter is not None or mac.replace("-", "") in self._repeated
        self._applied |= applies
        self._passed |= port_in(cell) is not None
        return applies

    def decided(self) -> str:
        """What was decided about the column where no row was known as that of an adapter."""
        if self._applied or not self._passed:
            return ""
        return (
            f"“{self._header}” was not joined to the MAC addresses, as no row is known as that of "
            f"an adapter; if all are, say so: {as_option('port', self._header)}"
        )


def _repeated(rows: Sequence[Sequence[str]], column: int, hardware: int) -> frozenset[str]:
    """The addresses that stand in several rows, each time with another port."""
    ports: dict[str, list[int | None]] = {}
    for cells in rows:
        if column < len(cells) and hardware < len(cells) and cells[column]:
            ports.setdefault(plain_digits(cells[hardware]), []).append(port_in(cells[column]))
    return frozenset(
        mac
        for mac, found in ports.items()
        if mac and len(found) > 1 and None not in found and len(set(found)) == len(found)
    )


def second_ports(rows: Sequence[Sequence[str]], hardware: int) -> dict[str, str]:
    """The addresses that are no addresses but a second port, as CUCM names it, with the address of
    the adapter: the address without its first pair, then 01 (Cisco, "ATA 190 administration").
    """
    shifted = (cells[hardware].endswith("01") for cells in rows if hardware < len(cells))
    if not any(shifted):
        return {}
    found = (_PORT_BEHIND.sub("", cells[hardware]) for cells in rows if hardware < len(cells))
    seen = [plain_digits(cell) for cell in found]
    first = {digits[2:]: digits for digits in seen}
    return {
        digits: first[digits[:10]]
        for digits in seen
        if digits.endswith("01") and digits[:10] in first and first[digits[:10]] != digits
    }
