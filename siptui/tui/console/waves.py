"""The waves of a submit from the console: asked for, and told as the command line tells them."""

from collections.abc import Sequence

from siptui.domain.device import Device
from siptui.domain.text import plural
from siptui.gateway.tenant_model import RoleEnd
from siptui.runs.events import Options
from siptui.runs.first_events import planned_batches
from siptui.runs.forecast import forecast
from siptui.runs.output.plan_notes import by_note, forecast_notes, role_end_notes, window_note
from siptui.runs.service import RunService
from siptui.runs.waves import Waves, columns
from siptui.tui.console.model import Session
from siptui.tui.console.view import Ask
from siptui.tui.dialogs.waves import WavesDialog


async def ask_waves(
    ask: Ask, session: Session, devices: Sequence[Device], waves: Waves
) -> Waves | None:
    """The waves in which these devices of the list go out; none if the operator goes back."""
    found, service = session.board.list, session.run_service
    if found is None:
        return None
    time = service.batch_time()

    def told(typed: Waves) -> str:
        now = service.now()
        options = typed.over(session.options.run_options, found, now)
        batches = planned_batches(devices, options)
        ending = forecast_notes(forecast(batches, options, time, now), now)
        how = f"{plural(len(devices), 'device')}, {plural(len(batches), 'batch')}."
        return " ".join([how, *_sentences(devices, options, service), *ending])

    return await ask(WavesDialog(waves, by_use(columns(found), devices), told))


def notes(
    devices: Sequence[Device], options: Options, service: RunService, role: RoleEnd | None = None
) -> list[str]:
    """What the confirmation says of the waves, when all will have gone out, and when the
    operator's `role` ends."""
    found, now = service.forecast(planned_batches(devices, options), options), service.now()
    ending = [*forecast_notes(found, now), *role_end_notes(role, found.end, now)]
    said = _sentences(devices, options, service)
    return [*([" ".join(said)] if said else []), " ".join(ending)]


def _sentences(devices: Sequence[Device], options: Options, service: RunService) -> list[str]:
    first = min(options.first, len(devices)) if not options.by else 0
    alone = [
        f"The first {plural(first, 'device')} {'goes' if first == 1 else 'go'} out before the "
        f"rest, which waits until enough of them were signed in: at most "
        f"{options.max_failures:g} % may fail."
    ]
    return [
        *by_note(devices, options),
        *(alone if 0 < first < len(devices) else []),
        *window_note(options, service.now()),
    ]


def by_use(titles: Sequence[str], devices: Sequence[Device]) -> list[str]:
    """The columns, those that most likely divide the list into sites first: neither the same in
    every row nor another in almost each."""
    counted = {title: len({one.extra.get(title, "") for one in devices}) for title in titles}
    return sorted(titles, key=lambda title: not 1 < counted[title] <= len(devices) // 2)
