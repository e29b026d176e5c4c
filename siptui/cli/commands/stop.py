"""`siptui stop RUN`: stop submitting; what is live is followed to its end."""

import click

from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.completion import complete_runs
from siptui.cli.run_orders import run_to_order


@click.command(cls=Command)
@click.argument("run", shell_complete=complete_runs)
@options.profile
@options.as_json
def command(run: str, profile: str | None, as_json: bool) -> int:
    """Stop submitting in RUN. Live batches are followed to their end; then its worker ends.

    The service cannot take back what it has. What was not submitted waits in the run, and
    “siptui resume” goes on with it. RUN is the id of a run or the beginning of one; @last is the
    newest run of the profile in use.
    """
    with run_to_order(run, profile) as to_order:
        if idle := to_order.idle():
            return to_order.tell(idle, to_order.resume(), ordered=False, as_json=as_json)
        later = to_order.resume()
        if to_order.holder is not None:
            later = f"What waits can go on after that: siptui resume {to_order.run}"
        if to_order.state.stopping:
            text = f"Run {to_order.run} was stopped already. {to_order.live()}"
            return to_order.tell(text, later, ordered=False, as_json=as_json)
        to_order.service.stop(to_order.run, how="siptui stop")
        return to_order.tell(to_order.ordered("stopped"), later, ordered=True, as_json=as_json)
