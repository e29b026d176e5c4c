"""The roles and permissions that a preflight needs, and what those of the operator allow."""

from siptui.domain.roles import BULK, OVER_ADMINISTRATORS, ROLE_IDS
from siptui.gateway.tenant_model import UNREADABLE

#: The roles that may do bulk sign-in: template id → name.
BULK_SIGN_IN = {template: name for name, template in ROLE_IDS.items() if name in BULK}
#: Ids of those that do it for every account; one that cannot be read may be one of them.
_FOR_ALL = {UNREADABLE, *(ROLE_IDS[name] for name in OVER_ADMINISTRATORS)}

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

    Authentication Administrator covers accounts without such a role alone, the other two all
    accounts (Microsoft Entra, permissions reference).
    """
    return not roles.isdisjoint(BULK_SIGN_IN) and roles.isdisjoint(_FOR_ALL)
