"""What the console tells of the tenant and asks of it: provisioning URLs, memory, checks."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from textual import work

from siptui.domain.errors import SignInNeededError, SiptuiError
from siptui.domain.provisioning import tenant_id
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.gc_pause import collected_later
from siptui.preflight.finding import Report, Result
from siptui.tui.console.preflight_text import sentence
from siptui.tui.console.selection import Which, about, what
from siptui.tui.console.submit_flow import Orders
from siptui.tui.dialogs.tablepage import TablePage
from siptui.tui.dialogs.urls import TenantId, UrlsPage
from siptui.tui.widgets.text_lines import Line, Surface

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
            return TenantId(tenant_id(self.session.run_service.tenant))
        except ValueError:
            name = visible(self.session.run_service.tenant)
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

    # -- prerequisites

    @work(group="flow", exclusive=True)
    async def action_preflight(self) -> None:
        """Check, and once that was done show what was found."""
        report = self.session.board.report
        if not self.may("preflight"):
            return
        if report is None or not self._looked_at(report):
            await self._begin_check()
            return
        may_fix = not self.session.options.read_only
        from siptui.tui.dialogs.preflight import PreflightPage

        answer: str | None = "addresses"
        while answer == "addresses":
            shown = self.session.board.report or report
            answer = await self.app.push_screen_wait(PreflightPage(shown, may_fix=may_fix))
            if answer == "addresses":
                await self._ask_addresses()
        if answer == "again":
            await self._begin_check()
        elif answer == "fix":
            await self._fix()
        elif answer:
            self.filter_field.value = answer

    def _looked_at(self, report: Report) -> bool:
        return all(device.key in report.by_key for device in self.session.devices())

    async def _begin_check(self) -> None:
        if self.session.options.checks is not None and await self.signed_in():
            self.check()

    @work(group="check", exclusive=True)
    async def check(self) -> None:
        """Check in the background; nothing is opened over what the operator does meanwhile."""
        checks, devices = self.session.options.checks, list(self.session.devices())
        if checks is None or not devices:
            return
        told = -1

        def progress(done: int, of: int, what: str) -> None:
            nonlocal told
            if (tenths := done * 10 // max(of, 1)) != told:  # each sentence costs a line
                told = tenths
                self.say(f"checking the prerequisites: {done} of {of} calls, {what} …", "muted")

        self.say("checking the prerequisites …", "muted")
        try:
            wishes = self.session.wishes()
            made = await checks.check(devices, progress, wishes)
            if (now := self.session.wishes()) != wishes:
                made = await checks.judge(devices, made, now)
        except SiptuiError as error:
            self.tell(error)
            return
        keys = {device.key for device in self.session.devices()}
        if keys and keys.isdisjoint(made.report.by_key):
            return  # another list was opened meanwhile
        self.session.take_preflight(made)
        self._show_findings(made.report)

    def _show_findings(self, report: Report) -> None:
        devices = self.session.devices()
        said = sentence(report, devices, "")
        bad = report.failed or report.counts()[Result.UNKNOWN] > 0
        lines: list[Line] = [((f"Prerequisites: {said}.", "unknown" if bad else "ok"),)]
        lines += [((visible(note), "unknown"),) for note in report.notes]
        with self.app.batch_update():
            self.grid.put(self.session.board.rows())
            self.show_columns()
            self.show_detail()
            self.log_pane.append(lines)
            self.say(f"Prerequisites: {said}. {self.key_of['preflight']} shows them.", "accent")

    @work(group="flow", exclusive=True)
    async def action_fix(self) -> None:
        """What sets right what was found, of the selected rows."""
        if self.may("fix"):
            await self._fix()

    async def _fix(self) -> None:
        from siptui.preflight.fix_plan import plan_fixes
        from siptui.preflight.script import pinned_tenant
        from siptui.tui.dialogs.fixing import FixPage

        made, checks = self.session.preflight, self.session.options.checks
        if made is None or checks is None:
            return
        chosen = self.selection()
        rows = self.devices_of(chosen)
        if not rows:
            self.say(f"fix: {what(chosen, len(chosen.keys))}: no valid device.", "muted")
            return
        of = about(chosen, [str(device.user_name) for device in rows])
        folder = self.session.options.export_folder or self.start_folder()
        answer: str | None = "again"
        while answer in ("again", "addresses", "number_type"):
            made = self.session.preflight or made
            plan = plan_fixes(made.report, made.facts, rows, self.session.wishes())
            if not plan.fixes and not plan.left:
                self.say("fix: nothing fails that could be set right.", "muted")
                return
            known = self.tenant_known().guid or self.session.run_service.tenant
            page = FixPage(
                plan,
                checks,
                self.session.tenant,
                self.signed_in,
                which="" if chosen.which is Which.ALL else what(chosen, len(chosen.keys)),
                of=of,
                pinned=pinned_tenant(made.facts, known),
                folder=folder,
            )
            answer = await self.app.push_screen_wait(page)
            if answer == "addresses":
                await self._ask_addresses()
            elif answer == "number_type":
                await self._ask_number_type()
        if answer == "sent":
            self.check()

    async def _ask_addresses(self) -> None:
        """Be told the phones' public addresses, and judge by them what was read."""
        from siptui.tui.console.preflight_questions import ask_addresses

        made = self.session.preflight
        if made is None:
            return
        now, devices = self.session.public_ips, self.session.devices()
        typed = await ask_addresses(self.app, now, made.facts, devices)
        if typed is not None:
            self.session.public_ips = typed
            await self._judge_again()

    async def _ask_number_type(self) -> None:
        """Be told where the list's numbers come from."""
        from siptui.tui.console.preflight_questions import ask_number_type

        chosen = await ask_number_type(self.app, self.session.number_type)
        if chosen is not None:
            self.session.number_type = chosen
            await self._judge_again()

    async def _judge_again(self) -> None:
        made, checks = self.session.preflight, self.session.options.checks
        if made is None or checks is None:
            return
        devices = list(self.session.devices())
        self.session.take_preflight(await checks.judge(devices, made, self.session.wishes()))
        with self.app.batch_update():
            self.grid.put(self.session.board.rows())
            self.show_detail()

    # -- waits

    def tick(self) -> None:
        """Look for what is new, and count down what the service asks to wait: nothing while there
        is no wait, else a part of a line a second."""
        super().tick()
        waits = self.session.options.waits
        now = waits.text(), waits.of_run(self.session.run)
        if now != self._waits and self.is_attached and self.is_running:
            before, self._waits = self._waits[0], now
            self.query_one("#notice", Surface).show([self._notice()])
            if now[0] != before and isinstance(page := self.app.screen, TablePage):
                page.say(now[0] or "asking the service …", "unknown" if now[0] else "muted")

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
        from siptui.tui.dialogs.batches import BatchesPage

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
        with collected_later():
            self.add_to_log(changes)
            self.show_all()
        self.look_for_worker()
        return True
