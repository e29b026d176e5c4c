"""`/_emulator/`: the ledger, the truth, and changes from outside, as JSON, for black-box tests.

    GET  /_emulator/ledger        submits, refused, violations, resets, max_live, calls by route,
                                  throttled and busiest by service, requests that
                                  came while told to wait, now
    GET  /_emulator/truth         how each device really stands
    GET  /_emulator/scenario      the scenario in force
    POST /_emulator/time          {"advance": SECONDS}
    POST /_emulator/accounts      an [[accounts]] table of a scenario, in force from now on
    POST /_emulator/devices       a [[devices]] table
    POST /_emulator/foreign       a [[foreign]] table; `at` counts from now
    POST /_emulator/by_hand       {"hardware_id", "user", "at"}: a person signs a phone in, or
                                  out without a user
    POST /_emulator/faults        a [[faults]] table
    POST /_emulator/faults/clear  no faults from now on
    POST /_emulator/revoke        every token used so far is refused
    POST /_emulator/roles         a [[roles]] table; `at` counts from now

No token is needed: the emulator listens on loopback only.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from siptui.domain.roles import ROLE_IDS
from siptui.emulator.access import Access
from siptui.emulator.faults import Faults
from siptui.emulator.scenario import AccountRule, DeviceRule, FaultRule, ForeignBatch, HandSignIn
from siptui.emulator.scenario_tables import RoleChange
from siptui.emulator.tenant import Tenant

T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]


class _Time(msgspec.Struct, forbid_unknown_fields=True):
    advance: float


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, {"Content-Type": "application/json"})


def ledger_page(tenant: Tenant) -> dict[str, Any]:
    """The ledger as plain values."""
    now = tenant.settle()
    page: dict[str, Any] = msgspec.to_builtins(
        {
            name: getattr(tenant.ledger, name)
            for name in (
                "submits",
                "foreign",
                "refused",
                "violations",
                "resets",
                "max_live",
                "calls",
                "faults",
                "parts",
                "throttled",
                "busiest",
                "early",
            )
        }
    )
    page["times"] = [
        {"user": user, "hardware_id": hardware_id, "times": times}
        for (user, hardware_id), times in tenant.ledger.times.items()
    ]
    page["now"] = now
    return page


def truth_page(tenant: Tenant) -> dict[str, Any]:
    """How each device stands, as plain values, and who is signed in on each phone now."""
    now = tenant.settle()
    return {
        "phones": {phone: tenant.sign_ins.user(phone, now) for phone in tenant.sign_ins.phones()},
        "devices": [
            {"user": user, "hardware_id": hardware_id, **msgspec.to_builtins(truth)}
            for (user, hardware_id), truth in tenant.truths().items()
        ],
    }


def inspection_routes(tenant: Tenant, faults: Faults, access: Access) -> list[Route]:
    """The routes under `/_emulator/`."""

    async def ledger(_: Request) -> Response:
        return _json(ledger_page(tenant))

    async def truth(_: Request) -> Response:
        return _json(truth_page(tenant))

    async def scenario(_: Request) -> Response:
        return _json(tenant.scenario)

    async def clear(_: Request) -> Response:
        faults.clear()
        return _json({"ok": True})

    async def revoke(_: Request) -> Response:
        access.revoke()
        return _json({"ok": True})

    def change_roles(wanted: RoleChange) -> None:
        if unknown := set(wanted.roles) - set(ROLE_IDS):
            raise ValueError(f"{sorted(unknown)[0]!r} is none of {', '.join(ROLE_IDS)}")
        access.roles.add(wanted, tenant.settle())

    def advance(wanted: _Time) -> None:
        tenant.advance(wanted.advance)

    def get(path: str, endpoint: Endpoint) -> Route:
        return Route(f"/_emulator/{path}", endpoint, methods=["GET"])

    def post(path: str, endpoint: Endpoint) -> Route:
        return Route(f"/_emulator/{path}", endpoint, methods=["POST"])

    return [
        get("ledger", ledger),
        get("truth", truth),
        get("scenario", scenario),
        post("time", _told(_Time, advance, tenant)),
        post("accounts", _told(AccountRule, tenant.change_accounts, tenant)),
        post("devices", _told(DeviceRule, tenant.change_devices, tenant)),
        post("foreign", _told(ForeignBatch, tenant.start_foreign, tenant)),
        post("by_hand", _told(HandSignIn, tenant.sign_in_by_hand, tenant)),
        post("faults", _told(FaultRule, faults.add, tenant)),
        post("faults/clear", clear),
        post("revoke", revoke),
        post("roles", _told(RoleChange, change_roles, tenant)),
    ]


def _told(kind: type[T], act: Callable[[T], None], tenant: Tenant) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            act(msgspec.json.decode(await request.body(), type=kind))
        except (msgspec.DecodeError, ValueError) as error:
            return _json({"error": str(error)}, 400)
        return _json({"ok": True, "now": tenant.settle()})

    return endpoint
