"""What each setting may be, for the message about one that is not."""

from siptui.domain.limits import MAX_BATCH_SIZE, MAX_LIVE_BATCHES
from siptui.settings.model import NUMBER_TYPES

ALLOWED = {
    "tenant": "the tenant's id or one of its domains",
    "region": "APAC, EMEA or NOAM",
    "client_id": "the id of an app registration, a GUID",
    "batch_size": f"a whole number from 1 to {MAX_BATCH_SIZE}",
    "public_ips": "public addresses or ranges of the phones, as a text or a list of texts",
    "number_type": ", ".join(NUMBER_TYPES),
    "columns": 'a table of column = "header of your lists"',
    "keep_days": "a whole number of days; 0 keeps runs for ever",
    "audit_log": '"syslog" or the full path of a file, such as "/var/log/siptui-audit.jsonl"',
    "accent": 'a colour, such as "#c05a00" or "red"',
    "slots": f"a whole number from 1 to {MAX_LIVE_BATCHES}",
    "redirect_port": "a port from 1024 to 65535",
    "read_only": "true or false",
    "require_plan": "true or false",
    "mouse": "true or false",
    "notify_terminal": "true or false",
    "log_level": "debug, info, warning or error",
    "notify_command": "a command as a text, or as a list of texts",
    "keys": 'a table of action = "key" or action = ["key", "key"]',
    "profiles": "a table for each profile: [profiles.NAME]",
    "clouds": "a table for each cloud: [clouds.NAME]",
    "authority": "an address of the form https://HOST[:PORT]",
    "admin_api": "an address of the form https://HOST[:PORT]",
    "graph": "an address of the form https://HOST[:PORT]",
    "devices": "an address of the form https://HOST[:PORT]",
}
