"""`siptui profiles`: the tenants of this user, without an editor."""

import json
import os
from datetime import UTC, datetime

import click

from siptui.app import profiles
from siptui.app.profiles import ProfileRow
from siptui.cli import options
from siptui.cli.command import Group
from siptui.cli.completion import complete_profiles
from siptui.cli.fitted_table import fits, fitted, short_last_run, terminal_width
from siptui.cli.kept_data_table import size_words
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.domain.times import local_time, zone
from siptui.identity.environment import COMMAND, FILE, VALUE
from siptui.settings.folders import folders
from siptui.settings.load import Settings
from siptui.settings.write import add_profile, use_profile


@click.group("profiles", cls=Group, invoke_without_command=True)
@options.as_json
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List the profiles: tenant, cloud, region, who is signed in, the last run. Asks no network."""
    if context.invoked_subcommand is not None:
        return
    rows = profiles.profile_rows()
    if as_json:
        click.echo(json.dumps({"profiles": [r.as_object() for r in rows]}, ensure_ascii=False))
        return
    if not rows:
        click.echo("The configuration has no profile yet.")
        click.echo("Make one: siptui profiles add NAME --tenant contoso.com")
        return
    head = ("", "PROFILE", "TENANT", "CLOUD", "REGION", "SIGNED IN AS", f"LAST RUN ({zone()})")
    width = terminal_width()
    cells = [_cells(row) for row in rows]
    if not fits(head, cells, width):
        cells = [(*_cells(row)[:-1], short_last_run(row.last_run)) for row in rows]
    # The name is typed, so that it is cut after what only tells more of it.
    for line in fitted(head, cells, width, ((2, 10), (5, 12), (1, 12), (6, 14), (3, 6))):
        click.echo(line)
    if any(row.in_use for row in rows):
        click.echo(
            "\n* commands use this one. Another: --profile NAME, or siptui profiles use NAME"
        )
    else:
        click.echo("\nNone is used without --profile NAME. Choose one: siptui profiles use NAME")

    for name in (VALUE, FILE, COMMAND):
        if os.environ.get(name):
            click.echo(f"{name} is set: its token wins over those who are signed in.", err=True)


def _cells(row: ProfileRow) -> tuple[str, ...]:
    profile, last = row.profile, "-"
    if row.last_run:
        when = local_time(row.last_run.started, datetime.now(UTC))
        last = f"{when} {row.last_run.state}, {row.last_run.succeeded} of {row.last_run.devices}"
    return (
        "*" if row.in_use else "",
        visible(profile.name),
        visible(profile.tenant),
        profile.cloud.name,
        profile.region.value if profile.region else "-",
        visible(row.signed_in_as) or ("not known" if row.problem else "-"),
        last,
    )


@command.command()
@click.argument("name")
@click.option("--tenant", required=True, metavar="TENANT", help="Id of the tenant, or a domain.")
@click.option(
    "--cloud",
    default="public",
    show_default=True,
    metavar="CLOUD",
    help="public, gcc, gcch, dod, china, or a name under [clouds].",
)
@click.option(
    "--region",
    type=options.REGION,
    help="Region for rows of lists that name none. Default: none, each run names it.",
)
@click.option(
    "--client-id",
    default="",
    metavar="GUID",
    help="App registration to sign in with. Default: that of the Teams PowerShell module.",
)
@click.option(
    "--accent",
    default="",
    metavar="COLOUR",
    help="Colour of the tenant's name in the console: red, orange, …, or #rrggbb.",
)
@click.option("--use", is_flag=True, help="Make it the default profile.")
@options.as_json
def add(
    name: str,
    tenant: str,
    cloud: str,
    region: Region | None,
    client_id: str,
    accent: str,
    use: bool,
    as_json: bool,
) -> None:
    """Add the profile NAME to config.toml; the first one becomes the default one."""
    where = folders()
    settings = add_profile(
        where, name, tenant, cloud=cloud, region=region, client_id=client_id, accent=accent
    )
    if use:
        settings = use_profile(where, name)
    _changed(settings, name, as_json, f"Added profile {name}, tenant {tenant}.")
    if not as_json:
        note = settings.profiles[name].cloud.note
        if note:
            click.echo(note)
        click.echo(f"Sign in: siptui auth login --profile {name}")


@command.command()
@click.argument("name", shell_complete=complete_profiles)
@options.as_json
def use(name: str, as_json: bool) -> None:
    """Make NAME the default profile."""
    settings = use_profile(folders(), name)
    _changed(settings, name, as_json, f"Commands use profile {name} from now on.")
    _warn_of_environment(name)


@command.command()
@click.argument("name", shell_complete=complete_profiles)
@click.argument("new_name")
@options.as_json
def rename(name: str, new_name: str, as_json: bool) -> None:
    """Call the profile NAME NEW_NAME; its runs and its sign-in go with it.

    Refused while a process works on a run of it (exit code 11).
    """
    chosen = profiles.rename(name, new_name)
    _changed(chosen.settings, new_name, as_json, f"Profile {name} is called {new_name} now.")


@command.command()
@click.argument("name", shell_complete=complete_profiles)
@click.option(
    "--force", is_flag=True, help="Also where the service has batches of it, or a run waits."
)
@options.as_json
def remove(name: str, force: bool, as_json: bool) -> None:
    """Remove the profile NAME from config.toml and sign it out. Its runs stay on this host.

    Refused while a process works on a run of it (exit code 11), and without --force while a run
    of it is not finished (exit code 2).
    """
    gone = profiles.remove(name, force=force)
    if as_json:
        body = {
            "profile": gone.name,
            "signed_out": gone.signed_out,
            "folder": str(gone.folder),
            "stays": [{"kind": one.kind, "bytes": one.size} for one in gone.stays],
        }
        click.echo(json.dumps(body, ensure_ascii=False))
        return
    out = ", and signed it out" if gone.signed_out else ""
    click.echo(f"Removed profile {name}{out}.")
    if gone.stays:
        kept = ", ".join(f"{one.kind} {size_words(one.size)}" for one in gone.stays)
        click.echo(f"What stays in {gone.folder}: {kept}.")
        click.echo(
            "Its runs still keep other profiles from submitting the same phones twice. A profile "
            "of the same name finds them again; without it, remove the folder to forget them."
        )
    if gone.was_default:
        click.echo("It was the default profile. Choose another: siptui profiles use NAME")
    _warn_of_environment(None, gone=name)


def _changed(settings: Settings, name: str, as_json: bool, said: str) -> None:
    if as_json:
        body = {
            "profile": name,
            "tenant": settings.profiles[name].tenant,
            "default": settings.default_profile == name,
        }
        click.echo(json.dumps(body, ensure_ascii=False))
        return
    click.echo(said)
    if settings.default_profile == name and len(settings.profiles) == 1:
        click.echo("It is the default profile.")


def _warn_of_environment(name: str | None, gone: str = "") -> None:
    said = os.environ.get("SIPTUI_PROFILE")
    if said and said != name and (name or said == gone):
        click.echo(f"Note: SIPTUI_PROFILE names {visible(said)} and wins over it.", err=True)
