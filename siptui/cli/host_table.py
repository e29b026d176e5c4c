"""The hosts of a cloud as a table for people, as CSV and as JSON."""

import csv
import io
import json
from textwrap import wrap

from siptui.settings.hosts import Host, hosts_of
from siptui.settings.model import Cloud

_TITLES = ("host", "port", "service", "required", "purpose", "needed")
_NOTES = (
    "Behind a proxy, siptui connects to the proxy (HTTPS_PROXY) and names these hosts to it.",
    "It follows no redirect, and sends tokens to no other host. The browser of the person who",
    "signs in also needs the authority and the sign-in page that is shown with the code.",
)


def host_lines(cloud: Cloud, *, as_json: bool, as_csv: bool) -> list[str]:
    """What `info --hosts` prints, by lines."""
    hosts = hosts_of(cloud)
    if as_json:
        return [json.dumps({"cloud": cloud.name, "hosts": [_record(one) for one in hosts]})]
    if as_csv:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_TITLES)
        writer.writerows(_cells(one) for one in hosts)
        return out.getvalue().splitlines()
    widest = max(len(one.host) + len(str(one.port)) for one in hosts) + 1
    lines = [f"Cloud {cloud.name}: siptui connects to these hosts (TCP)."]
    for one in hosts:
        lines.append("")
        lines.append(f"{f'{one.host}:{one.port}':<{widest}}  {one.service}")
        lines.append(f"  {one.purpose}")
        lines += wrap(f"needed: {one.needed}", 79, initial_indent="  ", subsequent_indent="    ")
    return [*lines, "", *wrap(" ".join(_NOTES), 79)]


def _record(one: Host) -> dict[str, object]:
    return {
        "host": one.host,
        "port": one.port,
        "service": one.service,
        "required": one.required,
        "purpose": one.purpose,
        "needed": one.needed,
    }


def _cells(one: Host) -> list[str]:
    return [
        "yes" if value is True else "no" if value is False else str(value)
        for value in _record(one).values()
    ]
