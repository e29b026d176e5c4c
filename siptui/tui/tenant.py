"""What the console tells of the tenant and asks of it: provisioning URLs, memory, checks."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from textual import work

from siptui.domain.errors import SignInNeededError, SiptuiError
from siptui.domain.provisioning import tenant_id
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.tui.dialogs.batches import BatchesPage
from siptui.tui.dialogs.urls import TenantId, UrlsPage
from siptui.tui.orders import Orders
from siptui.tui.surface import Line

T = TypeVar("T")


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

    # -- the service's own memory

    async def asked(self, read: Callable[[], Awaitable[T]]) -> T:
        """The answer of the service, after a sign-in if one is needed. Raises `SiptuiError`."""
        ways = self.session.options.sign_in
        problem = await ways.problem() if ways is not None else None
        if ways is not None and problem and not await self._sign_in(ways, problem.message):
            raise problem
        try:
            return await read()
        except SignInNeededError as error:
            if ways is None or not await self._sign_in(ways, error.message):
                raise
        return await read()

    @work(group="flow", exclusive=True)
    async def action_batches(self) -> None:
        """Everybody's batches; one of them can be followed like a run."""
        memory = self.session.options.memory
        if not self.may("batches") or memory is None:
            return
        page = BatchesPage(
            memory,
            self.asked,
            self.session.tenant,
            region=self.session.region,
            folder=self.session.options.export_folder or self.start_folder(),
            may_follow=not self.session.options.read_only,
        )
        run = await self.app.push_screen_wait(page)
        if run:
            self.attach(run)

    def attach(self, run: str) -> bool:
        """Follow a run."""
        try:
            changes = self.session.follow(run)
        except SiptuiError as error:
            self.tell(error)
            return False
        self.log_pane.clear()
        self.log_pane.append(self.url_lines())
        self._said = ()
        self.grid.clear_marks()
        self.add_to_log(changes)
        self.show_all()
        return True
