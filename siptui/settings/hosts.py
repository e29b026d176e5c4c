"""The hosts that siptui asks in a cloud: one table, for `info --hosts` and for `doctor`."""

from urllib.parse import urlsplit

from msgspec import Struct

from siptui.settings.model import Cloud


class Host(Struct, frozen=True):
    """A service of a cloud: `address` is the URL it is reached at, `service` its short name.

    `purpose` says what it is asked for, `needed` in which commands; `required` is false where
    siptui works without it. Each gets a token that was made for it alone, the authority the
    sign-in itself.
    """

    service: str
    address: str
    purpose: str
    needed: str
    required: bool

    @property
    def host(self) -> str:
        """The name without port."""
        return urlsplit(self.address).hostname or ""

    @property
    def port(self) -> int:
        """The TCP port."""
        parts = urlsplit(self.address)
        return parts.port or (443 if parts.scheme == "https" else 80)


def hosts_of(cloud: Cloud) -> tuple[Host, ...]:
    """Every host that siptui opens a connection to in `cloud`, apart from a proxy.

    It follows no redirect, and what a service names (links to further pages, the endpoint of
    service discovery, addresses in the authority's metadata) adds no host.
    """
    found = [
        Host(
            "admin API",
            cloud.admin_api,
            "bulk sign-in; users, policies and phone numbers",
            "always",
            required=True,
        ),
        Host(
            "authority",
            cloud.authority,
            "sign-in and renewal of tokens",
            "always, unless tokens come from SIPTUI_ACCESS_TOKEN or its like",
            required=True,
        ),
    ]
    if cloud.graph:
        found.append(
            Host(
                "Graph",
                cloud.graph,
                "accounts, licences, roles and their end",
                "preflight, fix, run --preflight; run, retry, resume and auth status --check, "
                "for the end of a role",
                required=False,
            )
        )
    if cloud.devices:
        found.append(
            Host(
                "inventory",
                cloud.devices,
                "phones as the Teams admin center lists them",
                "preflight, status, run (--dry-run, --preflight, --new-only, --verify)",
                required=False,
            )
        )
    return tuple(found)
