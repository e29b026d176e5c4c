"""The provisioning URLs in the console."""

import json
from pathlib import Path

from siptui.domain.region import Region
from siptui.tui.dialogs.urls import UrlsPage
from siptui.tui.grid import RowGrid
from tests.tui.desk import ScriptedDesk, list_text, make_devices
from tests.tui.harness import console

GUID = "1b2c3d4e-5f60-4718-89ab-cdef01234567"
YEALINK = f"http://emea.ipp.sdg.teams.microsoft.com/tenantid/{GUID}"


async def test_the_log_begins_with_the_url_that_most_phones_of_the_list_take(
    tmp_path: Path,
) -> None:
    text = list_text(make_devices(3))
    async with console(tmp_path, text=text, tenant_id=GUID) as bench:
        flat = bench.flat
        assert f"EMEA {YEALINK}" in flat
        assert "Yealink" in flat
        assert "u shows all" in flat
        assert "apac.ipp" not in flat


async def test_a_line_for_each_region_where_no_list_says_which(tmp_path: Path) -> None:
    async with console(tmp_path, tenant_id=GUID) as bench:
        for region in ("apac", "emea", "noam"):
            assert f"http://{region}.ipp.sdg.teams.microsoft.com/tenantid/{GUID}" in bench.flat


async def test_the_page_copies_writes_and_narrows(tmp_path: Path) -> None:
    text = list_text(make_devices(3))
    async with console(tmp_path, size=(80, 24), text=text, tenant_id=GUID) as bench:
        await bench.press("u")
        assert isinstance(bench.app.screen, UrlsPage)
        flat = bench.flat
        assert f"tenant {GUID} · EMEA" in flat
        assert "DHCP option 66; documented: Microsoft Learn, Configure SIP Gateway" in flat
        assert "no URL is documented" in flat
        assert "APAC" not in flat
        await bench.press("y")
        assert bench.app.clipboard == YEALINK
        assert (tmp_path / "saved" / "copied.txt").read_text() == YEALINK + "\n"

        await bench.press("e")
        bench.fill(str(tmp_path / "urls.json"))
        await bench.press("enter")
        written = json.loads((tmp_path / "urls.json").read_text())
        assert written["tenant"] == GUID
        assert {url["region"] for url in written["urls"]} == {"EMEA"}
        assert YEALINK in [url["url"] for url in written["urls"]]

        await bench.press("r", "V")
        assert "· all · Yealink" in bench.flat
        assert {"APAC", "EMEA", "NOAM"} <= set(bench.flat.split())
        await bench.press("question_mark")
        assert "Keys of: URLs" in bench.flat
        for part in ("V vendor", "e to a file", "y copy", "Esc q back to where"):
            assert part in bench.flat
        await bench.press("escape")
        assert isinstance(bench.app.screen, UrlsPage)
        await bench.press("l")
        assert "language en, without tenant id" in bench.flat
        await bench.press("y")
        assert bench.app.clipboard.endswith("/lang_en")
        await bench.press("u")
        assert len(bench.app.screen_stack) == 1


async def test_what_is_inferred_or_unclear_is_marked_so(tmp_path: Path) -> None:
    async with console(tmp_path, tenant_id=GUID, region=Region.NOAM) as bench:
        await bench.press("u")
        rows = {
            (cells[0], cells[1]): (row.symbol, cells[4])
            for row in bench.app.screen.query_one("#grid", RowGrid).index.rows
            for cells in [row.cells]
        }
        assert rows["Poly", "IP phones"] == ("~", "inferred")
        assert rows["Cisco", "ATA"] == ("?", "unclear")
        assert rows["Yealink", "IP phones"] == ("✓", "documented")


async def test_a_domain_is_no_tenant_id(tmp_path: Path) -> None:
    desk = ScriptedDesk(tmp_path, tenant="contoso.com")
    async with console(tmp_path, desk=desk, region=Region.EMEA) as bench:
        assert "Only contoso.com is known" in bench.flat
        await bench.press("u")
        assert "URLs without tenant id" in bench.flat
        assert "tenantid" not in bench.flat
        assert "Only contoso.com is known; the URL takes the id alone" in bench.flat
        await bench.press("y")
        assert bench.app.clipboard == "http://emea.ipp.sdg.teams.microsoft.com"
