"""Directory roles by their template ids (Microsoft Entra, permissions reference)."""

from types import MappingProxyType

from siptui.gateway.tenant_model import UNREADABLE

GLOBAL = "62e90394-69f5-4237-9190-012177145e10"
PRIVILEGED_AUTHENTICATION = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
AUTHENTICATION = "c4e39bd9-1100-46d3-8c65-fb160da0071f"

#: Those that may do bulk sign-in (Microsoft Learn, "Configure SIP Gateway").
BULK_SIGN_IN = MappingProxyType(
    {
        GLOBAL: "Global Administrator",
        PRIVILEGED_AUTHENTICATION: "Privileged Authentication Administrator",
        AUTHENTICATION: "Authentication Administrator",
    }
)

#: Whom to ask for when a read is refused. The first is documented for the configuration of SIP
#: devices; that it serves for the other reads of the same API is inferred.
READS_TEAMS = "the role Global Reader, Teams Administrator or Teams Communications Administrator"
WRITES_TEAMS = "the role Teams Administrator or Teams Communications Administrator"
READS_INVENTORY = "the role Teams Administrator or Teams Devices Administrator"
READS_OWN_ROLES = "the Graph permission User.Read"
READS_USERS = "the Graph permission User.Read.All"
READS_TEAMS_USERS = "the Graph permission TeamsUserConfiguration.Read.All"
READS_ROLES = "the Graph permission RoleManagement.Read.Directory"
READS_POLICIES = "the Graph permission Policy.Read.All, and a role such as Global Reader"
WRITES_NUMBERS = "the Graph permission TeamsTelephoneNumber.ReadWrite.All"


def only_weak(roles: frozenset[str]) -> bool:
    """Whether these roles do bulk sign-in, but not for accounts that are administrators.

    Authentication Administrator covers non-administrators only, the other two anybody (Microsoft
    Entra, permissions reference).
    """
    return AUTHENTICATION in roles and not roles & {
        *(GLOBAL, PRIVILEGED_AUTHENTICATION, UNREADABLE),
    }
