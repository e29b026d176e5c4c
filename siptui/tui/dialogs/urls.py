"""The provisioning URLs: vendor by region, with option, source and how sure each is."""

import json
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from siptui.devicelist.writing import write_new
from siptui.domain.provisioning import (
    DeviceKind,
    ProvisioningTable,
    ProvisioningUrl,
    TenantId,
    provisioning_urls,
)
from siptui.domain.region import Region
from siptui.provisioning.report import NO_TENANT, as_object, option, page, title
from siptui.tui.dialogs.save_file import ask_and_write
from siptui.tui.dialogs.tablepage import TablePage
from siptui.tui.widgets.column_layout import Column
from siptui.tui.widgets.row_index import GridRow
from siptui.tui.widgets.text_lines import Line

_COLUMNS = (
    Column("vendor", "Vendor", 12, flex=2, most=25),
    Column("device", "Device", 9, flex=2, most=34),
    Column("region", "Reg", 4),
    Column("option", "DHCP", 4, right=True),
    Column("confidence", "Sure", 10),
    Column("path", "Behind the host", 12, flex=5, drop=1),
)
_SYMBOLS = {
    "documented": ("✓", "normal"),
    "inferred": ("~", "unknown"),
    "unclear": ("?", "unknown"),
}


class UrlsPage(TablePage[None]):
    """Begins with the `regions` given (none: all); `folder` is where a file is proposed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "leave", "back", show=False),
        Binding("r", "region", "region", show=False),
        Binding("V", "vendor", "vendor", show=False),
        Binding("l", "language", "language", show=False),
        Binding("e", "export", "write to a file", show=False),
    ]

    def __init__(
        self,
        table: ProvisioningTable,
        tenant: TenantId,
        *,
        regions: Sequence[Region] = (),
        folder: Path,
    ) -> None:
        super().__init__(_COLUMNS, details=7)
        self._table = table
        self._tenant = tenant
        self._folder = folder
        self._all = tuple(table.bases)
        of_list = tuple(r for r in self._all if r in set(regions))
        one_by_one = [(region,) for region in self._all]
        ways = [of_list or self._all, self._all, *one_by_one]
        self._ways = list(dict.fromkeys(ways))
        self._way = 0
        self._vendor = 0  # 0: all
        self._language = 0  # 0: none
        self._urls: list[ProvisioningUrl] = []

    @property
    def _code(self) -> str | None:
        return [None, *self._table.languages][self._language]

    @property
    def _vendors(self) -> tuple[str, ...]:
        return (self._table.vendors[self._vendor - 1],) if self._vendor else ()

    @property
    def _kinds(self) -> tuple[DeviceKind, ...]:
        named = self._vendors
        return tuple(k for k in self._table.kinds if not named or k.vendor in named)

    def heading(self) -> str:
        """What is shown, and of which tenant."""
        where = ", ".join(self._ways[self._way]) if self._way_is_some else "all"
        parts = [where, *self._vendors]
        about = title(self._tenant.guid if self._code is None else None, self._code)
        for words in ("Provisioning ", " for bulk sign-in"):
            about = about.replace(words, "")
        return " · ".join((about, *parts))

    @property
    def _way_is_some(self) -> bool:
        return len(self._ways[self._way]) < len(self._all)

    def rows(self) -> Iterable[GridRow]:
        """The URLs, then the kinds of device for which none is documented."""
        tenant = self._tenant.guid if self._code is None else None
        self._urls = provisioning_urls(
            self._table,
            regions=self._ways[self._way],
            vendors=self._vendors,
            tenant=tenant or None,
            language=self._code,
        )
        for place, url in enumerate(self._urls):
            symbol, tone = _SYMBOLS[url.confidence]
            cells = (
                url.vendor,
                url.device,
                str(url.region),
                str(url.dhcp_option or "-"),
                str(url.confidence),
                self._path(url),
            )
            yield GridRow(place, cells, symbol, tone)
        told = {(url.vendor, url.device) for url in self._urls}
        for place, kind in enumerate(self._kinds):
            if (kind.vendor, kind.device) not in told:
                cells = (kind.vendor, kind.device, "-", "-", "none", _none(kind, self._code))
                yield GridRow(-place - 1, cells, " ", "muted")

    def _path(self, url: ProvisioningUrl) -> str:
        path = url.url.removeprefix(self._table.bases[url.region])
        guid = self._tenant.guid
        return path.replace(guid, f"{guid[:4]}…{guid[-4:]}") if guid else path

    def details(self, key: Hashable) -> Iterable[Line]:
        """The whole URL, how it is known, and what else there is to know."""
        kind = self._kind(key)
        if kind is None:
            return
        if isinstance(key, int) and key >= 0:
            url = self._urls[key]
            yield ((url.url, "accent"),)
            yield (
                (f"DHCP {option(url.dhcp_option)}; {url.confidence}: ", "normal"),
                (url.source, "muted"),
            )
        else:
            yield ((f"{kind.vendor} {kind.device}: {_none(kind, self._code)}.", "normal"),)
        if kind.note:
            yield ((kind.note, "normal"),)
        if kind.language and self._code is None:
            codes = ", ".join(kind.languages)
            path = kind.language.path.replace("{language}", "xx")
            yield (
                (f"Language: {path} after the host (xx: {codes}); ", "normal"),
                ("not documented together with a tenant id.", "muted"),
            )
        if not self._tenant.guid and self._code is None:
            yield ((f"{NO_TENANT}. {self._tenant.why}", "unknown"),)

    def _kind(self, key: Hashable) -> DeviceKind | None:
        if not isinstance(key, int):
            return None
        if key < 0:
            return self._kinds[-key - 1]
        url = self._urls[key]
        return next(k for k in self._kinds if (k.vendor, k.device) == (url.vendor, url.device))

    def keys(self) -> Iterable[tuple[str, str]]:
        """What can be done."""
        return (
            ("Esc", "back"),
            ("y", "copy"),
            ("e", "to a file"),
            ("r", "region"),
            ("V", "vendor"),
            ("l", "language"),
        )

    def copied(self, key: Hashable) -> str:
        """The URL alone."""
        return self._urls[key].url if isinstance(key, int) and key >= 0 else ""

    def action_region(self) -> None:
        """The list's regions, all, then each alone."""
        self._way = (self._way + 1) % len(self._ways)
        self._again()

    def action_vendor(self) -> None:
        """All vendors, then each alone."""
        self._vendor = (self._vendor + 1) % (len(self._table.vendors) + 1)
        self._again()

    def action_language(self) -> None:
        """None, then each; a language and a tenant id are not documented together."""
        self._language = (self._language + 1) % (len(self._table.languages) + 1)
        self._again()

    def _again(self) -> None:
        self._said = ()
        self.fill()

    @work(group="flow", exclusive=True)
    async def action_export(self) -> None:
        """Write what is shown."""
        proposed = self._folder / "provisioning-urls.txt"
        hint = ".json for programs, anything else as text."
        self.say(*await ask_and_write(self.app, "Write to", hint, proposed, self._write))

    def _write(self, path: Path, force: bool) -> str:
        tenant = (self._tenant.guid if self._code is None else "") or None
        if path.suffix.casefold() == ".json":
            found = {"tenant": tenant, "urls": [as_object(url) for url in self._urls]}
            text = json.dumps(found, indent=2)
        else:
            text = "\n".join(page(self._urls, self._kinds, tenant=tenant, language=self._code))
        write_new(path, (text + "\n").encode(), force=force)
        return f"{len(self._urls)} URLs written to {path}"


def _none(kind: DeviceKind, language: str | None) -> str:
    if not kind.known:
        return "no URL is documented"
    if language is not None:
        return f"none with language {language} is documented"
    return "documented with a tenant id only"
