"""Which tenant is signed in to, and as which client."""

from msgspec import Struct

from siptui.domain.guid import is_guid

#: The Teams admin API, the same in every cloud (Microsoft's module, its settings file).
TEAMS_API = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
TEAMS_SCOPE = f"{TEAMS_API}/.default"
#: The public client of the MicrosoftTeams module; Entra calls it "MS Teams Powershell Cmdlets".
TEAMS_MODULE = "12128f48-ec9e-42f0-b203-ea49fb6af367"
#: Authority segments that name no tenant in particular.
WIDE = ("organizations", "common")
#: The device inventory of the Teams admin center; a name, wherever its API is reached.
INVENTORY_SCOPE = "https://devicemgmt.teams.microsoft.com/.default"


class Registration(Struct, frozen=True):
    """One profile as the authority sees it.

    `authority` is `https://HOST[:PORT]`, `tenant` a GUID or a domain (empty: whichever the
    account belongs to), `own_client` the profile's client id or empty for the Teams module's.
    """

    authority: str
    tenant: str
    own_client: str = ""

    @property
    def client_id(self) -> str:
        """The client that signs in."""
        return self.own_client or TEAMS_MODULE

    @property
    def client_name(self) -> str:
        """Which client that is, for people."""
        return "the profile's own client" if self.own_client else "the Teams PowerShell client"

    @property
    def url(self) -> str:
        """The authority with its tenant."""
        return f"{self.authority.rstrip('/')}/{self.tenant or WIDE[0]}"

    @property
    def any_tenant(self) -> bool:
        """Whether no tenant in particular is asked for."""
        return not self.tenant or self.tenant.casefold() in WIDE

    @property
    def tenant_guid(self) -> str:
        """The tenant's GUID in lower case if the profile gives one, else empty."""
        return self.tenant.casefold() if is_guid(self.tenant) else ""


def resource_name(scope: str) -> str:
    """What a scope's tokens are for, for people."""
    if scope == TEAMS_SCOPE:
        return "the Teams admin API"
    return "the device inventory" if scope == INVENTORY_SCOPE else "Microsoft Graph"
