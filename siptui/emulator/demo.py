"""The device lists of the demo tenant, Contoso Ltd. Its numbers are those set aside for fiction."""

from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siptui.emulator.scenario import Scenario

#: The scenario that knows these phones.
DEMO_SCENARIO = "demo"
#: What the list is called where a file name is wanted.
DEMO_FILE = "contoso-phones.csv"


#: The scenarios that have a device list of their own, and what can be seen in them.
DEMOS = {
    DEMO_SCENARIO: "Sixty phones at three sites: w shows where each stands, s submits",
    "prerequisites": "p checks its forty phones, F fixes what can be fixed, s submits",
    "unprepared": "nothing is set up yet: p checks its forty phones, F sets up what they need",
}


def demo_list(scenario: "str | Scenario" = DEMO_SCENARIO) -> bytes:
    """The device list of a scenario as a file holds it: UTF-8, with regions and further columns.

    Nothing where the scenario has none of its own.
    """
    from siptui.emulator.scenario import load_scenario

    found = load_scenario(scenario) if isinstance(scenario, str) else scenario
    name = found.tenant.list
    return (resources.files("siptui.emulator") / name).read_bytes() if name else b""
