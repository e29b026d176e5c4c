"""`siptui info`: version, folders, terminal, profile, sign-in, hosts; asks no network."""

import json
import os
import platform
from typing import Any

import click

from siptui import __version__
from siptui.app.kept_data import kept_data
from siptui.app.session import select
from siptui.app.surrounding_checks import surroundings_text, surroundings_told, true_folders
from siptui.app.tenant_name import kept_name
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.host_table import host_lines
from siptui.cli.kept_data_table import data_lines
from siptui.domain.errors import SignInNeededError, UsageError
from siptui.host.surroundings import look_around
from siptui.identity.environment import environment_token
from siptui.identity.store import existing_store
from siptui.identity.token_source import registration_of
from siptui.settings.folders import folders
from siptui.settings.load import load
from siptui.settings.model import BUILT_IN_CLOUDS, Cloud


@click.command("info", cls=Command)
@options.profile
@options.as_json
@click.option(
    "--hosts",
    is_flag=True,
    help="Show the hosts that siptui connects to in the profile's cloud (public without a "
    "profile): port, purpose, when. For firewall and proxy rules.",
)
@click.option("--csv", "as_csv", is_flag=True, help="With --hosts: print CSV.")
@click.option(
    "--data",
    is_flag=True,
    help="Show what siptui keeps on this host, of all profiles: where, since when, how big.",
)
def command(profile: str | None, as_json: bool, hosts: bool, as_csv: bool, data: bool) -> None:
    """Show version, folders, terminal, profile and where the sign-in is kept. Uses no network."""
    if as_csv and (as_json or not hosts):
        raise UsageError("--csv goes with --hosts, and not with --json.", code="option")
    if hosts and data:
        raise UsageError("--hosts and --data are two questions: ask one.", code="option")
    if data:
        for line in data_lines(kept_data(folders()), as_json=as_json):
            click.echo(line)
        return
    if hosts:
        for line in host_lines(_cloud(profile), as_json=as_json, as_csv=as_csv):
            click.echo(line)
        return
    found = gathered(profile)
    if as_json:
        click.echo(json.dumps(found))
        return
    for line in report(found):
        click.echo(line)


def gathered(profile: str | None) -> dict[str, Any]:
    """What `info --json` prints. Without a profile, `profile` is null."""
    settings = load()
    where = settings.folders
    found: dict[str, Any] = {
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "config": {"file": str(where.config_file), "exists": settings.exists},
        "folders": {
            "config": str(where.config),
            "state": str(where.state),
            "logs": str(where.logs),
        },
        "true_folders": true_folders(where),
        "surroundings": surroundings_told(look_around(os.environ)),
        "profiles": sorted(settings.profiles),
        "profile": None,
        "sign_in": None,
    }
    try:
        selected = select(profile)
    except (SignInNeededError, UsageError):
        if profile is not None:
            raise
        return found  # none there, or none chosen: that is information, too
    chosen = selected.profile
    found["profile"] = {
        "name": chosen.name,
        "tenant": chosen.tenant,
        "tenant_name": kept_name(selected) or None,
        "region": chosen.region,
        "client_id": chosen.client_id or None,
        "read_only": chosen.read_only,
        "journal": str(selected.store_folder / "journal.db"),
        "cloud": {
            "name": chosen.cloud.name,
            "authority": chosen.cloud.authority,
            "admin_api": chosen.cloud.admin_api,
            "graph": chosen.cloud.graph,
            "note": chosen.cloud.note,
        },
    }
    found["sign_in"] = _sign_in(selected)
    return found


def _cloud(profile: str | None) -> Cloud:
    """That of the profile; the public one where there is no profile at all."""
    try:
        return select(profile).profile.cloud
    except SignInNeededError:
        return BUILT_IN_CLOUDS["public"]


def _sign_in(selected: Any) -> dict[str, Any]:
    given = environment_token(registration_of(selected.profile), selected.environ)
    if given:
        return {"source": given.name, "store": None, "place": None, "encrypted": None}
    store = existing_store(selected.store_folder)
    if store is None:
        return {"source": None, "store": None, "place": None, "encrypted": None}
    return {
        "source": "sign-in",
        "store": store.kind,
        "place": store.place(),
        "encrypted": store.encrypted(),
    }


def report(found: dict[str, Any]) -> list[str]:
    """`found` as lines for people."""
    rows = [
        ("siptui", f"{found['version']}, Python {found['python']}, {found['platform']}"),
        ("config", found["config"]["file"] + ("" if found["config"]["exists"] else " (none yet)")),
        ("state", found["folders"]["state"]),
        ("logs", found["folders"]["logs"]),
        *((f"{name} at", place) for name, place in found["true_folders"].items()),
        ("terminal", _terminal()),
        ("profiles", ", ".join(found["profiles"]) or "none"),
    ]
    if profile := found["profile"]:
        cloud, sign_in = profile["cloud"], found["sign_in"]
        rows += [
            ("profile", profile["name"]),
            ("tenant", _tenant(profile)),
            ("cloud", cloud["name"] + (f" - {cloud['note']}" if cloud["note"] else "")),
            ("admin API", cloud["admin_api"]),
            ("authority", cloud["authority"]),
            ("Graph", cloud["graph"] or "none"),
            ("region", profile["region"] or "none by default"),
            ("client id", profile["client_id"] or "that of the Teams PowerShell module"),
            ("journal", profile["journal"]),
            ("sign-in", _kept(sign_in)),
        ]
    else:
        rows.append(("profile", "none in use"))
    return [f"{name:<10} {value}" for name, value in rows]


def _terminal() -> str:
    return surroundings_text(look_around(os.environ))


def _tenant(profile: dict[str, Any]) -> str:
    name = profile["tenant_name"]
    return f"{name} ({profile['tenant']})" if name else str(profile["tenant"])


def _kept(sign_in: dict[str, Any]) -> str:
    if sign_in["source"] is None:
        return "no one is signed in"
    if sign_in["store"] is None:
        return f"token from {sign_in['source']}, never stored"
    how = ", encrypted" if sign_in["encrypted"] else ""
    return f"{sign_in['store']}{how}: {sign_in['place']}"
