"""The built-in emulator: a tenant, its HTTP face and the line to it, made from one scenario."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from siptui.emulator.access import Access
from siptui.emulator.admin_api import AdminFace
from siptui.emulator.auth_and_throttle import Gate
from siptui.emulator.bulk_api import Wire
from siptui.emulator.clock import Clock, Seconds
from siptui.emulator.faults import Faults
from siptui.emulator.faulty_network import Line
from siptui.emulator.graph_api import GraphFace
from siptui.emulator.inspection import inspection_routes
from siptui.emulator.inventory_api import InventoryFace
from siptui.emulator.random_draws import Seed
from siptui.emulator.scenario import Scenario, load_scenario
from siptui.emulator.tenant import Tenant

#: Where the in-process emulator pretends to live; any host does.
BASE_URL = "http://emulator.invalid"


class Emulator:
    """An emulated tenant to talk to.

    `scenario` is one, or the name or file of one; `clock` any callable of seconds (without one
    the event loop's time, else real time); `speed` makes the tenant work that much faster;
    `epoch` is the date at which it begins (now). `tenant` holds state and ledger, `access` the
    door, `faults` what goes wrong, `app` the ASGI app with its faults: admin API, Graph and the
    device inventory at one address, whose paths do not meet. `routes` are further ones to serve.
    Raises `ScenarioError`.
    """

    def __init__(
        self,
        scenario: Scenario | str | Path = "mixed",
        *,
        seed: Seed = 1,
        clock: Seconds | None = None,
        speed: float = 1.0,
        epoch: datetime | None = None,
        routes: Sequence[BaseRoute] = (),
    ) -> None:
        self.scenario = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        ahead = timedelta(seconds=self.scenario.wire.clock_ahead)
        began = (epoch or datetime.now(UTC)) + ahead
        self.tenant = Tenant(self.scenario, Clock(clock, speed=speed, epoch=began), seed)
        self.access = Access(self.scenario.auth, self.scenario.roles)
        self.faults = Faults(self.scenario.faults, seed)
        gate = Gate(self.tenant, self.access)
        inner = Starlette(
            routes=[
                *Wire(self.tenant, gate).routes(),
                *AdminFace(self.tenant, gate).routes(),
                *GraphFace(self.tenant, gate, self.faults, self.access.roles).routes(),
                *InventoryFace(self.tenant, gate).routes(),
                *inspection_routes(self.tenant, self.faults, self.access),
                *routes,
            ]
        )
        self.app: ASGIApp = Line(inner, self.tenant, self.faults)

    def refusing(self) -> bool:
        """Whether the service is not to be reached at all now."""
        return self.faults.refusing(self.tenant.settle())

    def transport(self) -> ASGIApp:
        """What `open_client` takes in the place of the network: this emulator, in this process."""
        return self.app
