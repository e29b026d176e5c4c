"""The tenant: its provisioning URLs, its prerequisites, its batches."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.preflight.finding import Report, Result
from siptui.provisioning.reading import provisioning_table
from siptui.tui.console.model import Session
from siptui.tui.console.preflight_questions import ask_addresses, ask_number_type
from siptui.tui.console.selection import Which, about, what
from siptui.tui.console.tenant_urls import known_tenant, regions
from siptui.tui.console.view import SignIn, View
from siptui.tui.dialogs.batches import BatchesPage
from siptui.tui.dialogs.preflight import PreflightPage
from siptui.tui.dialogs.urls import UrlsPage
from siptui.tui.preflight_text import sentence
from siptui.tui.widgets.text_lines import Line

if TYPE_CHECKING:
    from siptui.tui.dialogs.fix_work import FixWork


class TenantFlow:
    """Looks at the tenant: its provisioning URLs, its prerequisites, its batches."""

    def __init__(
        self, view: View, session: Session, sign_in: SignIn, attach: Callable[[str], bool]
    ) -> None:
        self.view = view
        self.session = session
        self._sign_in = sign_in
        self._attach = attach
        #: Changes whose page was left before they were read back, until it was opened again.
        self._fixes: FixWork | None = None
        self._shown: FixWork | None = None

    # -- provisioning URLs

    async def urls(self) -> None:
        """The provisioning URLs."""
        if not self.view.may("urls"):
            return
        session = self.session
        tenant = known_tenant(session, self.view.key_of)
        table, folder = provisioning_table(), session.export_folder
        await self.view.ask(UrlsPage(table, tenant, regions=regions(session), folder=folder))

    # -- prerequisites

    async def preflight(self) -> None:
        """Check, and once that was done show what was found."""
        report = self.session.board.report
        if not self.view.may("preflight"):
            return
        if report is None or not self._looked_at(report):
            await self._begin_check()
            return
        may_fix = not self.session.options.read_only
        answer: str | None = "addresses"
        while answer == "addresses":
            shown = self.session.board.report or report
            answer = await self.view.ask(PreflightPage(shown, may_fix=may_fix))
            if answer == "addresses":
                await self._ask_addresses()
        if answer == "again":
            await self._begin_check()
        elif answer == "fix":
            await self._fix()
        elif answer:
            self.view.filter_field.value = answer

    def _looked_at(self, report: Report) -> bool:
        return all(device.key in report.by_key for device in self.session.devices())

    async def _begin_check(self) -> None:
        if self.session.options.checks is not None and await self._sign_in.signed_in():
            self._check()

    def _check(self) -> None:
        self.view.start(self._check_devices, group="check")

    async def _check_devices(self) -> None:
        """Check in the background; nothing is opened over what the operator does meanwhile."""
        checks, devices = self.session.options.checks, list(self.session.devices())
        if checks is None or not devices:
            return
        told = -1

        def progress(done: int, of: int, what: str) -> None:
            nonlocal told
            if (tenths := done * 10 // max(of, 1)) != told:  # each sentence costs a line
                told = tenths
                self.view.say(
                    f"checking the prerequisites: {done} of {of} calls, {what} …", "muted"
                )

        self.view.say("checking the prerequisites …", "muted")
        try:
            wishes = self.session.wishes()
            made = await checks.check(devices, progress, wishes)
            if (now := self.session.wishes()) != wishes:
                made = await checks.evaluate(devices, made, now)
        except SiptuiError as error:
            self.view.tell(error)
            return
        keys = {device.key for device in self.session.devices()}
        if keys and keys.isdisjoint(made.report.by_key):
            return  # another list was opened meanwhile
        self.session.take_preflight(made)
        self.show_findings(made.report)

    def show_findings(self, report: Report) -> None:
        devices = self.session.devices()
        said = sentence(report, devices, "")
        bad = report.failed or report.counts()[Result.UNKNOWN] > 0
        lines: list[Line] = [((f"Prerequisites: {said}.", "unknown" if bad else "ok"),)]
        lines += [((visible(note), "unknown"),) for note in report.notes]
        with self.view.in_one_frame():
            self.view.show_rows()
            self.view.show_columns()
            self.view.log_pane.append(lines)
            self.view.say(
                f"Prerequisites: {said}. {self.view.key_of['preflight']} shows them.", "accent"
            )

    async def fix(self) -> None:
        """Fix what was found, of the selected rows."""
        if self._fixes is not None or self.view.may("fix"):
            await self._fix()

    async def _fix(self) -> None:
        # The room of the checks takes as long to load as the first frame leaves over.
        from siptui.tui.dialogs.fixing import FixPage

        answer: str | None = "again"
        while answer in ("again", "addresses", "number_type"):
            # What was left while it was on its way is shown first.
            work = self._fixes or self._planned_fixes()
            if work is None:
                return
            page = FixPage(
                work,
                self.session.tenant,
                self._sign_in.signed_in,
                folder=self.session.export_folder,
            )
            self._shown = work
            answer = await self.view.ask(page)
            self._shown = None
            self._fixes = work if work.working else None
            if answer == "addresses":
                await self._ask_addresses()
            elif answer == "number_type":
                await self._ask_number_type()
        if answer == "sent":
            self._check()
        elif self._fixes is not None:
            key = self.view.key_of["fix"]
            text = f"Changes are still being made and read back; {key} shows them."
            self.view.say(text, "muted")

    def _planned_fixes(self) -> "FixWork | None":
        """What could be fixed of the selected rows; none, after saying so, where nothing can."""
        from siptui.preflight.fix_plan import plan_fixes
        from siptui.preflight.script import pinned_tenant
        from siptui.tui.dialogs.fix_work import FixOf, FixWork

        made, checks = self.session.preflight, self.session.options.checks
        if made is None or checks is None:
            return None
        chosen = self.view.selection()
        which = what(chosen, len(chosen.keys))
        rows = self.session.devices_of(chosen)
        if not rows:
            self.view.say(f"fix: {which}: no valid device.", "muted")
            return None
        plan = plan_fixes(made.report, made.facts, rows, self.session.wishes())
        if not plan.fixes and not plan.left:
            self.view.say("fix: nothing fails that could be fixed here.", "muted")
            return None
        known = known_tenant(self.session, self.view.key_of).guid or self.session.run_service.tenant
        of = FixOf(
            "" if chosen.which is Which.ALL else which,
            about(chosen, [str(device.user_name) for device in rows]),
            pinned_tenant(made.facts, known),
        )
        return FixWork(plan, of, checks, self._start_fixes, self._fixes_ended)

    def _start_fixes(self, work: Callable[[], Awaitable[None]]) -> None:
        # What takes minutes is no conversation: the console takes keys meanwhile.
        self.view.start(work, group="fix")

    def _fixes_ended(self, work: "FixWork") -> None:
        """Tell what came of changes whose page was left."""
        if work is self._shown or not self.view.in_use:
            return
        text, tone = work.said
        said, keys = f"Fixes: {work.standing()}. {text}", self.view.key_of
        self.view.log_pane.append([((visible(said), tone),)])
        if tone == "ok":  # the text says the same once more, and the rows still what failed before
            said = f"Fixes: {work.standing()}. {keys['preflight']} checks again;"
        self.view.say(f"{said} {keys['fix']} shows them.", tone)

    async def _ask_addresses(self) -> None:
        """Ask for the phones' public addresses, and judge by them what was read."""
        made = self.session.preflight
        if made is None:
            return
        now, devices = self.session.public_ips, self.session.devices()
        typed = await ask_addresses(self.view.ask, now, made.facts, devices)
        if typed is not None:
            self.session.public_ips = typed
            await self._evaluate_again()

    async def _ask_number_type(self) -> None:
        """Ask where the list's numbers come from."""
        chosen = await ask_number_type(self.view.ask, self.session.number_type)
        if chosen is not None:
            self.session.number_type = chosen
            await self._evaluate_again()

    async def _evaluate_again(self) -> None:
        made, checks = self.session.preflight, self.session.options.checks
        if made is None or checks is None:
            return
        devices = list(self.session.devices())
        self.session.take_preflight(await checks.evaluate(devices, made, self.session.wishes()))
        with self.view.in_one_frame():
            self.view.show_rows()

    # -- the batches of the tenant

    async def batches(self) -> None:
        """All batches of the tenant; one of them can be followed like a run."""
        tenant_batches = self.session.options.tenant_batches
        if not self.view.may("batches") or tenant_batches is None:
            return
        page = BatchesPage(
            tenant_batches,
            self._sign_in.answered,
            self.session.tenant,
            region=self.session.region,
            folder=self.session.export_folder,
            may_follow=not self.session.options.read_only,
            looked=lambda line: self.view.log_pane.append([((line, "accent"),)]),
        )
        run = await self.view.ask(page)
        if run:
            self._attach(run)
