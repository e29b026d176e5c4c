"""`siptui pause RUN`: stop submitting for a while, and go on."""

import click

from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.completion import complete_runs
from siptui.cli.run_orders import OrderedRun, run_to_order
from siptui.domain.errors import UsageError


@click.command(cls=Command)
@click.argument("run", shell_complete=complete_runs)
@click.option("--off", is_flag=True, help="Go on submitting. Default: submit nothing more.")
@options.profile
@options.as_json
def command(run: str, off: bool, profile: str | None, as_json: bool) -> int:
    """Stop submitting in RUN for a while; live batches are still followed. --off goes on.

    The worker of the run carries it out, as after P in the console; a run without a worker submits
    nothing, and “siptui resume” goes on with it. RUN is the id of a run or the beginning of one;
    @last is the newest run of the profile in use.
    """
    with run_to_order(run, profile) as to_order:
        return _go_on(to_order, as_json) if off else _pause(to_order, as_json)


def _pause(to_order: OrderedRun, as_json: bool) -> int:
    state, how_on = to_order.state, to_order.resume()
    if to_order.holder is not None:
        how_on = f"Go on with: siptui pause {to_order.run} --off"
    if idle := to_order.idle():
        return to_order.tell(idle, to_order.resume(), ordered=False, as_json=as_json)
    if state.paused:
        text = f"Run {to_order.run} is paused already. {to_order.live()}"
        return to_order.tell(text, how_on, ordered=False, as_json=as_json)
    to_order.service.pause(to_order.run, how="siptui pause")
    return to_order.tell(to_order.ordered("paused"), how_on, ordered=True, as_json=as_json)


def _go_on(to_order: OrderedRun, as_json: bool) -> int:
    state = to_order.state
    if state.finished is not None:
        return to_order.tell(to_order.idle(), "", ordered=False, as_json=as_json)
    if to_order.holder is None:
        raise UsageError(
            f"{to_order.without_worker()} What waits in it goes out after a confirmation only.",
            code="no_worker",
            remedy=to_order.resume(),
        )
    if state.stopping:  # an order to go on would lift the stop as well
        raise UsageError(
            f"Submitting in run {to_order.run} was stopped, not only paused. What waits in it goes "
            "out after a confirmation only.",
            code="stopped",
            remedy=f"When its live batches have ended: siptui resume {to_order.run}",
        )
    following = f"Follow it with: siptui attach {to_order.run}"
    if not state.paused:
        text = f"Run {to_order.run} is not paused."
        return to_order.tell(text, following, ordered=False, as_json=as_json)
    to_order.service.go_on(to_order.run, how="siptui pause --off")
    text = f"Run {to_order.run} goes on submitting."
    return to_order.tell(text, following, ordered=True, as_json=as_json)
