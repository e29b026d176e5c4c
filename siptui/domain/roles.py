"""Directory roles by name, with their template ids (Microsoft Entra, permissions reference)."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

ROLE_IDS: Mapping[str, str] = MappingProxyType(
    {
        "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
        "Privileged Authentication Administrator": "7be44c8a-adaf-4e2a-84d6-ab2649e08a13",
        "Authentication Administrator": "c4e39bd9-1100-46d3-8c65-fb160da0071f",
        "Teams Administrator": "69091246-20e8-4a56-aa4d-066075b2a7a8",
        "Teams Communications Administrator": "baf37b3a-610e-45da-9e62-d9d1e5e8914b",
        "Teams Telephony Administrator": "aa38014f-0993-46e9-9b45-30501a20909d",
        "Teams Devices Administrator": "3d762c5a-1b6c-493f-843e-55a3b42923d4",
        "Teams Reader": "1076ac91-f3d9-41a7-a339-dcdf5f480acc",
        "Global Reader": "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
        "Skype for Business Administrator": "75941009-915a-4869-abe7-691bff18279e",
        "User Administrator": "fe930be7-5e62-47db-91af-98c3a49a38b1",
        "Helpdesk Administrator": "729827e3-9c14-49f7-bb1b-9608f156bbb8",
        "Authentication Policy Administrator": "0526716b-113d-4c15-b2c8-68e3c22b9f80",
        "Conditional Access Administrator": "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9",
        "Privileged Role Administrator": "e8611ab8-c189-46e8-94e1-60213ab1f814",
        "Teams Communications Support Engineer": "f70938a0-fc10-4177-9e90-2178f8765737",
        "Teams Communications Support Specialist": "fcf91098-03e3-41a9-b5ba-6f0ec8188a12",
    }
)
_NAMES = {template: name for name, template in ROLE_IDS.items()}

#: Who may bulk sign in (Microsoft Learn, "Configure SIP Gateway"), and which of them may reset the
#: password of an administrator (Microsoft Entra, permissions reference).
BULK = frozenset(
    {
        "Global Administrator",
        "Privileged Authentication Administrator",
        "Authentication Administrator",
    }
)
OVER_ADMINISTRATORS = BULK - {"Authentication Administrator"}
TEAMS_WRITES = frozenset(
    {
        "Global Administrator",
        "Teams Administrator",
        "Teams Communications Administrator",
        "Skype for Business Administrator",
    }
)
TEAMS_READS = TEAMS_WRITES | {"Global Reader", "Teams Reader", "Teams Telephony Administrator"}
NUMBER_WRITES = TEAMS_WRITES | {"Teams Telephony Administrator"}
INVENTORY_READS = frozenset(
    {"Global Administrator", "Global Reader", "Teams Administrator", "Teams Devices Administrator"}
)
POLICY_READS = frozenset(
    {"Global Administrator", "Global Reader", "Conditional Access Administrator"}
)
#: Who may read when roles end (of those above; Microsoft Graph, "List
#: roleAssignmentScheduleInstances").
ACTIVATION_READS = frozenset(
    {"Global Administrator", "Global Reader", "Privileged Role Administrator"}
)
MFA_READS = BULK | {"Global Reader", "Authentication Policy Administrator"}

#: What an operator holds where a scenario does not say: enough to bulk sign in and to read all.
OPERATOR = ("Authentication Administrator", "Teams Administrator", "Global Reader")
#: The same for one who may not bulk sign in.
WITHOUT_BULK = ("Teams Administrator",)


def names_of(templates: Iterable[str]) -> tuple[str, ...]:
    """The names of roles by their template ids, in their order; unknown ones are left out."""
    return tuple(_NAMES[one] for one in templates if one in _NAMES)
