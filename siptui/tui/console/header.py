"""The first line: where am I, how long has the run been going, how fresh is what is shown. Pure."""

from pathlib import PurePath

from rich.cells import cell_len

from siptui.domain.guid import is_guid
from siptui.domain.text import visible
from siptui.domain.times import clock, duration, zone
from siptui.tui.console.model import Session
from siptui.tui.sentences import list_name, regions_line
from siptui.tui.widgets.text_lines import Line, Run, plain, spread


def header(session: Session, width: int) -> Line:
    """Tenant and list always; what there is room for of profile, regions, clock and account."""
    name, ends = _beginning, _ends(session)
    lefts = [name(session, called=True), name(session), name(session, regions=False)]
    lefts += [name(session, regions=False, profile=False)]
    lefts += [name(session, regions=False, profile=False, us=False)]
    tries = [(left, end) for left in lefts[:2] for end in ends[:2]]
    tries += [(left, ends[1]) for left in lefts[2:]]
    tries += [(lefts[-1], end) for end in ends[2:]]
    for left, right in tries:
        if cell_len(plain(left)) + cell_len(plain(right)) < width:
            return spread(left, right, width)
    return spread(lefts[-1], (), width)


def _ends(session: Session) -> list[Line]:
    """What stands at the right, the longest first."""
    here = zone()
    times = [here]
    if (ran := session.clock) is not None and session.live and not session.worker_gone:
        asked = [f"asked {_ago(ran.asked)} ago"] if ran.asked is not None else []
        run = duration(ran.seconds)
        times = [f"run {' · '.join((run, *asked, here))}", " · ".join((run, *asked, here))]
        times += [f"run {' · '.join((run, *asked))}", *asked, here]
    account = f"{visible(session.account)} · " if session.account else ""
    return [((f"{text} ", "muted"),) for text in (account + times[0], *times)] + [()]


def _ago(seconds: float) -> str:
    return f"{int(seconds)} s" if seconds < 100 else f"{round(seconds / 60)} min"


def _beginning(
    session: Session,
    *,
    regions: bool = True,
    profile: bool = True,
    us: bool = True,
    called: bool = False,
) -> Line:
    left: list[Run] = [(" siptui  " if us else " ", "accent"), *_held_up(session)]
    tenant, own = tenant_name(session, called=called), visible(session.options.profile)
    if profile and own and own != tenant:
        left.append((f"{own} · ", "normal"))
    left.append(_tenant(session, tenant))
    if regions and (devices := session.devices()):
        left.append((f" · {regions_line(devices)}", "normal"))
    if session.file:
        name = PurePath(list_name(session.file)).name or session.file
        left.append((f" · {visible(name)}", "normal"))
    if session.options.read_only:
        left.append((" · read-only", "unknown"))
    return tuple(left)


def _tenant(session: Session, tenant: str) -> Run:
    """In the colour of its profile, as a block, which no theme can make look like another's."""
    if accent := session.options.accent:
        return (f" {tenant} ", f"on {accent}")
    return (tenant, "strong")


def tenant_name(session: Session, *, called: bool = False) -> str:
    """The tenant by its own name (and as the profile has it, where that is `called`), else as the
    profile has it; by no id where there is another name: `?` has that."""
    ways, kept = session.options.sign_in, visible(session.run_service.tenant)
    if ways is not None and ways.tenant_name:
        return session.tenant if called and not is_guid(kept) else visible(ways.tenant_name)
    if not is_guid(kept):
        return kept
    return visible(session.options.profile) or f"{kept[:8]}…{kept[-4:]}"


def where_lines(session: Session) -> list[Line]:
    """Tenant, its id, profile and account, whole: for the help."""
    pairs = [
        ("Tenant", session.tenant),
        ("Tenant id", visible(session.tenant_id)),
        ("Profile", visible(session.options.profile)),
        ("Account", visible(session.account)),
        ("Times", f"{zone()}, by the clock of this computer"),
    ]
    return [((f"{name:<12}", "muted"), (text, "normal")) for name, text in pairs if text]


def _held_up(session: Session) -> list[Run]:
    """That an order holds the run up, whose and since when: before all else, never cut off."""
    run = session.run
    if run is None or run.finished is not None or not (run.paused or run.stopping):
        return []
    word = "paused"
    if run.stopping:
        worked_on = run.stopped is None and not session.worker_gone
        followed = any(batch.order <= run.stopped_at for batch in run.open_batches())
        word = "stopping" if worked_on and followed else "stopped"
    if run.held_by is not None:
        since = clock(run.held_since)[:5]
        who = run.held_by.actor.os_user or run.held_by.actor.account
        word += f" {since}" + (f" by {visible(who)}" if who else "")
    return [(f"{word} ", "unknown"), ("· ", "normal")]
