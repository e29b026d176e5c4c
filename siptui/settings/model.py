"""What can be set, and what each setting may be."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from siptui.domain.columns import NOT_MAPPED, Mapped
from siptui.domain.limits import MAX_BATCH_SIZE, MAX_LIVE_BATCHES
from siptui.domain.region import Region

#: The port that a browser sign-in comes back to, fixed so that `ssh -L` can forward it.
REDIRECT_PORT = 8400
#: Where phone numbers come from, as Set-CsPhoneNumberAssignment spells it.
NUMBER_TYPES = ("DirectRouting", "CallingPlan", "OperatorConnect")
LOG_LEVELS = ("debug", "info", "warning", "error")


class Cloud(Struct, frozen=True):
    """Where a tenant's services are: addresses without a final slash.

    `graph` is none where there is no Graph: its checks then say that they could not check.
    `devices` is the device API of the Teams admin center, none where it is not known. `note` is
    what an operator must know before hoping for SIP Gateway there.
    """

    name: str
    authority: str
    admin_api: str
    graph: str | None = None
    note: str = ""
    devices: str | None = None


_NOT_OFFERED = "Microsoft does not list SIP Gateway for this cloud."
_PUBLIC = (
    "https://login.microsoftonline.com",
    "https://api.interfaces.records.teams.microsoft.com",
    "https://graph.microsoft.com",
)
#: Seen in public scripts against the commercial cloud; that of the others is not known.
_DEVICES = "https://admin.devicemgmt.teams.microsoft.com"

#: The built-in clouds. Hosts: CmdletSettings.json of the MicrosoftTeams module; that SIP
#: Gateway is in the first two only: Microsoft Learn, "Plan SIP Gateway".
BUILT_IN_CLOUDS: Mapping[str, Cloud] = MappingProxyType(
    {
        cloud.name: cloud
        for cloud in (
            Cloud("public", *_PUBLIC, devices=_DEVICES),
            Cloud("gcc", *_PUBLIC, devices=_DEVICES),
            Cloud(
                "gcch",
                "https://login.microsoftonline.us",
                "https://api.interfaces.records.gov.teams.microsoft.us",
                "https://graph.microsoft.us",
                _NOT_OFFERED,
            ),
            Cloud(
                "dod",
                "https://login.microsoftonline.us",
                "https://api.interfaces.records.dod.teams.microsoft.us",
                "https://dod-graph.microsoft.us",
                _NOT_OFFERED,
            ),
            Cloud(
                "china",
                "https://login.partner.microsoftonline.cn",
                "https://api.interfaces.records.teams.microsoftonline.cn",
                "https://microsoftgraph.chinacloudapi.cn",
                _NOT_OFFERED,
            ),
        )
    }
)


class Profile(Struct, frozen=True):
    """One tenant as this user works with it.

    `tenant` is its id or one of its domains. `region` is for rows that name none; there is no
    built-in default. `client_id` empty: the Teams module's documented public client.
    """

    name: str
    tenant: str
    cloud: Cloud
    region: Region | None = None
    client_id: str = ""
    theme: str = ""
    batch_size: int = MAX_BATCH_SIZE
    slots: int = MAX_LIVE_BATCHES
    read_only: bool = False
    #: Whether nothing but plans is submitted, which another person looked at.
    require_plan: bool = False
    redirect_port: int = REDIRECT_PORT
    #: Public addresses of the phones, checked; where numbers of a list come from.
    public_ips: tuple[str, ...] = ()
    number_type: str = NUMBER_TYPES[0]
    #: Which header of its device lists is what, where that is said.
    columns: Mapped = NOT_MAPPED
    #: Days after which runs are forgotten when nothing runs; 0 keeps them.
    keep_days: int = 0
    #: Where acts that change the tenant are written down: a file, `syslog`, or nowhere.
    audit_log: str = ""
    #: The colour that the console names the tenant in, as #rrggbb, or nothing.
    accent: str = ""
