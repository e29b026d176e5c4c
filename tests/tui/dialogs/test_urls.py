"""The provisioning URLs in the console."""

import json
from pathlib import Path

from siptui.domain.region import Region
from siptui.tui.dialogs.urls import UrlsPage
from siptui.tui.widgets.table import RowGrid
from tests.tui.harness import console
from tests.tui.scripted_runs import ScriptedRuns, list_text, make_devices

GUID = "1b2c3d4e-5f60-4718-89ab-cdef01234567"
YEALINK = f"http://emea.ipp.sdg.teams.microsoft.com/tenantid/{GUID}"


async def test_the_log_begins_with_the_url_that_most_phones_of_the_list_take(
    tmp_path: Path,
) -> None:
    text = list_text(make_devices(3))
    async with console(tmp_path, text=text, tenant_id=GUID) as harness:
        flat = harness.flat
        assert f"EMEA {YEALINK}" in flat
        assert "Yealink" in flat
        assert "u shows all" in flat
        assert "apac.ipp" not in flat


async def test_a_line_for_each_region_where_no_list_says_which(tmp_path: Path) -> None:
    async with console(tmp_path, tenant_id=GUID) as harness:
        for region in ("apac", "emea", "noam"):
            assert f"http://{region}.ipp.sdg.teams.microsoft.com/tenantid/{GUID}" in harness.flat


async def test_the_page_copies_writes_and_narrows(tmp_path: Path) -> None:
    text = list_text(make_devices(3))
    async with console(tmp_path, size=(80, 24), text=text, tenant_id=GUID) as harness:
        await harness.press("u")
        assert isinstance(harness.app.screen, UrlsPage)
        flat = harness.flat
        assert f"tenant {GUID} · EMEA" in flat
        assert "DHCP option 66; documented: Microsoft Learn, Configure SIP Gateway" in flat
        assert "no URL is documented" in flat
        assert "APAC" not in flat
        await harness.press("y")
        assert harness.app.clipboard == YEALINK
        assert (tmp_path / "saved" / "copied.txt").read_text() == YEALINK + "\n"

        await harness.press("e")
        harness.fill(str(tmp_path / "urls.json"))
        await harness.press("enter")
        written = json.loads((tmp_path / "urls.json").read_text())
        assert written["tenant"] == GUID
        assert {url["region"] for url in written["urls"]} == {"EMEA"}
        assert YEALINK in [url["url"] for url in written["urls"]]

        await harness.press("r", "V")
        assert "· all · Yealink" in harness.flat
        assert {"APAC", "EMEA", "NOAM"} <= set(harness.flat.split())
        await harness.press("question_mark")
        assert "Keys of: URLs" in harness.flat
        for part in ("V vendor", "e to a file", "y copy", "Esc q back to where"):
            assert part in harness.flat
        await harness.press("escape")
        assert isinstance(harness.app.screen, UrlsPage)
        await harness.press("l")
        assert "language en, without tenant id" in harness.flat
        await harness.press("y")
        assert harness.app.clipboard.endswith("/lang_en")
        await harness.press("u")
        assert len(harness.app.screen_stack) == 1


async def test_what_is_inferred_or_unclear_is_marked_so(tmp_path: Path) -> None:
    async with console(tmp_path, tenant_id=GUID, region=Region.NOAM) as harness:
        await harness.press("u")
        rows = {
            (cells[0], cells[1]): (row.symbol, cells[4])
            for row in harness.app.screen.query_one("#grid", RowGrid).index.rows
            for cells in [row.cells]
        }
        assert rows["Poly", "IP phones"] == ("~", "inferred")
        assert rows["Cisco", "ATA"] == ("?", "unclear")
        assert rows["Yealink", "IP phones"] == ("✓", "documented")


async def test_a_domain_is_no_tenant_id(tmp_path: Path) -> None:
    runs = ScriptedRuns(tmp_path, tenant="contoso.com")
    async with console(tmp_path, runs=runs, region=Region.EMEA) as harness:
        assert "Only contoso.com is known" in harness.flat
        await harness.press("u")
        assert "URLs without tenant id" in harness.flat
        assert "tenantid" not in harness.flat
        assert "Only contoso.com is known; the URL takes the id alone" in harness.flat
        await harness.press("y")
        assert harness.app.clipboard == "http://emea.ipp.sdg.teams.microsoft.com"
