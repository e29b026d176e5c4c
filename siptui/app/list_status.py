"""Where the rows of a list stand, read for the profile in use; nothing is changed."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from siptui.app.session import Selected, open_session
from siptui.domain.device import Device
from siptui.domain.errors import SiptuiError
from siptui.gateway.operator_names import OperatorNames
from siptui.runs.rollout.evidence import Evidence, RowStanding
from siptui.runs.rollout.history import read_history
from siptui.runs.rollout.reconcile import reconcile
from siptui.runs.rollout.tenant_reads import read_evidence, unreadable, with_names
from siptui.transport.retry import OnWait


def read_status(
    selected: Selected,
    devices: Sequence[Device],
    *,
    listed: Collection[str] | None = None,
    on_wait: OnWait | None = None,
) -> tuple[list[RowStanding], Evidence]:
    """Where each of `devices` stands and what is gone, and what was read for it.

    `listed` are the hardware ids of the whole list where `devices` are a part of it. A source that
    cannot be read is told in the evidence; nothing is raised for it.
    """
    history = read_history(selected.host, _now(), devices)

    async def read() -> Evidence:
        async with open_session(selected, on_wait=on_wait) as session:
            found = await read_evidence(
                history, session.client, session.inventory, now=_now, rows=len(devices)
            )
            return await with_names(found, OperatorNames(), session.directory)

    try:
        evidence = asyncio.run(read())
    except SiptuiError as error:
        evidence = unreadable(history, error, _now())
    return reconcile(devices, evidence, _now(), listed=listed), evidence


def _now() -> datetime:
    return datetime.now(UTC)
