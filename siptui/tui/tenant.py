"""What the console tells of the tenant and asks of it: provisioning URLs, memory, checks."""

from collections.abc import Sequence

from textual import work

from siptui.domain.provisioning import tenant_id
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.tui.dialogs.urls import TenantId, UrlsPage
from siptui.tui.orders import Orders
from siptui.tui.surface import Line


class Tenant(Orders):
    """The main screen, able to look at the tenant."""

    # -- provisioning URLs

    def tenant_known(self) -> TenantId:
        """The tenant's id, from the profile or a sign-in, or why it is missing."""
        try:
            return TenantId(tenant_id(self.session.tenant_id))
        except ValueError:
            pass
        try:
            return TenantId(tenant_id(self.session.desk.tenant))
        except ValueError:
            name = visible(self.session.desk.tenant)
        why = f"Only {name} is known; the URL takes the id alone."
        if self.session.options.sign_in is not None:
            why += f" It is known after a sign-in ({self.key_of['sign_in']})."
        return TenantId(why=why)

    def regions(self) -> Sequence[Region]:
        """The regions of the list, else the one that rows without a region take."""
        found = tuple(dict.fromkeys(device.region for device in self.session.devices()))
        if found:
            return found
        return (self.session.region,) if self.session.region else ()

    def url_lines(self) -> list[Line]:
        """The URL that most phones of this tenant take, for the log: a line a region."""
        from siptui.provisioning.reading import provisioning_table
        from siptui.provisioning.report import usual

        key = self.key_of["urls"]
        tenant = self.tenant_known()
        if not tenant.guid:
            return [((f"Provisioning URLs: {tenant.why} {key} shows what is known.", "muted"),)]
        regions = self.regions()
        table = provisioning_table()
        found = usual(table, tenant.guid, regions)
        lines: list[Line] = []
        for place, (region, url, vendors) in enumerate(found):
            line: Line = ((f"{region:<8}  ", "muted"), (url, "accent"))
            if place == len(found) - 1:
                names = ", ".join(vendors)
                line = (*line, (f"  ({names}; {key} shows all)", "muted"))
            lines.append(line)
        return lines

    def opening_lines(self) -> list[Line]:
        """What stands at the top of the log: URLs, then the greeting."""
        return [*self.url_lines(), *super().opening_lines()]

    @work(group="flow", exclusive=True)
    async def action_urls(self) -> None:
        """The provisioning URLs."""
        from siptui.provisioning.reading import provisioning_table

        if not self.may("urls"):
            return
        folder = self.session.options.export_folder or self.start_folder()
        page = UrlsPage(
            provisioning_table(), self.tenant_known(), regions=self.regions(), folder=folder
        )
        await self.app.push_screen_wait(page)
