"""What events say to people, where the console and the command line say it alike. Pure."""

from siptui.runs.events import DevicesHeld, DevicesSignedIn
from siptui.runs.state import RunState

#: Devices named one by one; more than these are counted.
_SHOWN = 3


def held_back(state: RunState, event: DevicesHeld | DevicesSignedIn) -> str:
    """Which devices of the run are not submitted now, and for whose sake."""
    devices = _some(state, event.devices)
    other = _batch(event)
    if isinstance(event, DevicesSignedIn):
        where = f"run {event.run}" if event.run else other
        return f"left out, signed in as the list wants it in {where}: {devices}"
    if event.why == "personal":
        return f"held back, the account may be personal and was not named: {devices}"
    if event.decide:
        return f"held back until you decide, {other} has them or their accounts: {devices}"
    return f"held back, they or their accounts are live in {other}: {devices}"


def _batch(event: DevicesHeld | DevicesSignedIn) -> str:
    by = f" of {event.by}" if event.by else ""
    return f"batch {event.batch_id}{by}"


def _some(state: RunState, places: list[int]) -> str:
    records = [state.devices[i].device for i in places[:_SHOWN]]
    named = ", ".join(f"{device.user_name} on {device.hardware_id}" for device in records)
    more = len(places) - _SHOWN
    return f"{named} and {more} more" if more > 0 else named
