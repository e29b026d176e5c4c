"""What the help of each command ends with: examples, exit codes, environment.

Examples are lines that can be pasted into a shell; tests parse each with the real command line.
"""

from collections.abc import Iterator, Mapping

import click
from msgspec import Struct

from siptui.domain.errors import ExitCode


class Ending(Struct, frozen=True):
    """The examples of a command, each with what it does, and what its exit codes mean beside those
    that all commands have."""

    examples: tuple[tuple[str, str], ...]
    codes: Mapping[int, str]


_DONE = {0: "done"}
_RUN = {
    0: "every device is signed in, or nothing was to do",
    3: "some devices failed",
    4: "sign-in needed or refused",
    5: "the outcome of some devices is unknown",
    7: "some devices wait for your confirmation, or their window or site is closed",
}
_HELD = {11: "another process works on the run"}
_SIGN_IN = {4: "sign-in needed or refused"}
#: What the codes mean that every command may end with.
_ALL = {1: "error", 2: "wrong usage, or a file or setting that cannot be used", 130: "interrupted"}

ENDINGS: Mapping[str, Ending] = {
    "siptui": Ending(
        (
            ("Try it without a tenant", "siptui demo"),
            ("Sign in, then open the console on a list", "siptui auth login"),
            ("", "siptui phones.csv --region EMEA"),
            ("Without the console: look, then submit", "siptui run phones.csv --dry-run"),
            ("", "siptui run phones.csv"),
        ),
        {0: "done, or all devices are signed in", 3: "some devices failed", **_SIGN_IN},
    ),
    "auth": Ending(
        (
            ("Sign in with a code in any browser", "siptui auth login"),
            ("Who is signed in", "siptui auth status"),
        ),
        {**_DONE, **_SIGN_IN},
    ),
    "open": Ending(
        (
            ("Open the console on a list", "siptui phones.csv --region EMEA"),
            ("Look around, change nothing", "siptui phones.csv --read-only"),
        ),
        {0: "the console was left", **_SIGN_IN},
    ),
    "demo": Ending(
        (
            ("Try the console", "siptui demo"),
            ("See a tenant that is not prepared", "siptui demo --scenario unprepared"),
        ),
        {0: "the console was left"},
    ),
    "check": Ending(
        (
            ("Check a list", "siptui check phones.csv --region EMEA"),
            (
                "Take the user names from another column",
                "siptui check phones.csv --column username=Account",
            ),
        ),
        {0: "every row can be submitted", 2: "a row cannot be submitted, or wrong usage"},
    ),
    "status": Ending(
        (
            ("See where each row stands", "siptui status phones.csv"),
            ("One site, as a file", "siptui status phones.csv --where Site=Berlin -o status.csv"),
        ),
        {0: "each row is known", **_SIGN_IN, 5: "a row is unknown, or a source was not read"},
    ),
    "run": Ending(
        (
            ("Show what would be submitted", "siptui run phones.csv --region EMEA --dry-run"),
            (
                "Check first, try 5 devices, then the rest",
                "siptui run phones.csv --preflight --first 5",
            ),
            ("Every night, from a script", "siptui run phones.csv --new-only --yes --json"),
        ),
        {**_RUN, 6: "the preflight failed, nothing was submitted", **_HELD},
    ),
    "runs": Ending(
        (("List the runs", "siptui runs"), ("For a script", "siptui runs --json")), _DONE
    ),
    "show": Ending((("The newest run", "siptui show @last"),), _DONE),
    "pause": Ending(
        (
            ("Submit nothing more for now", "siptui pause @last"),
            ("Go on", "siptui pause @last --off"),
        ),
        _DONE,
    ),
    "stop": Ending((("Submit nothing more", "siptui stop @last"),), _DONE),
    "overview": Ending((("All profiles of this host", "siptui overview"),), _DONE),
    "profiles": Ending(
        (
            ("All tenants", "siptui profiles"),
            ("A further one", "siptui profiles add contoso --tenant contoso.com --region EMEA"),
            ("Work in it from now on", "siptui profiles use contoso"),
        ),
        _DONE,
    ),
    "profiles add": Ending(
        (
            (
                "A tenant with a colour of its own",
                "siptui profiles add contoso --tenant contoso.com --accent orange",
            ),
        ),
        _DONE,
    ),
    "profiles use": Ending((("Work in it from now on", "siptui profiles use contoso"),), _DONE),
    "profiles rename": Ending(
        (("Its runs go along", "siptui profiles rename contoso contoso-eu"),),
        {**_DONE, **_HELD},
    ),
    "profiles remove": Ending(
        (("Sign out and remove it", "siptui profiles remove contoso"),), {**_DONE, **_HELD}
    ),
    "forget": Ending(
        (
            ("Show what would go", "siptui forget 20260301-101530-4f2a --dry-run"),
            ("A person", "siptui forget --user kim@contoso.com"),
        ),
        {**_DONE, **_HELD},
    ),
    "prune": Ending(
        (
            ("Show what would go", "siptui prune --older-than 90d --keep-last 10 --dry-run"),
            ("All that ended over a day ago", "siptui prune --older-than 1d"),
            ("In a script", "siptui prune --older-than 90d --yes"),
        ),
        _DONE,
    ),
    "backup": Ending((("Every night", "siptui backup journal-backup.db --force"),), _DONE),
    "restore": Ending((("Put it back", "siptui restore journal-backup.db"),), {**_DONE, **_HELD}),
    "report": Ending(
        (("A page for the change ticket", "siptui report phones.csv -o report.html"),), _DONE
    ),
    "handover": Ending(
        (
            ("What failed in the newest run", "siptui handover @last -o handover"),
            ("What failed of a list", "siptui handover phones.csv -o handover"),
        ),
        _DONE,
    ),
    "resume": Ending(
        (
            ("Continue the newest unfinished run", "siptui resume"),
            ("Submit again what is of unknown outcome", "siptui resume @last --resubmit"),
        ),
        {**_RUN, **_HELD},
    ),
    "retry": Ending(
        (
            ("Submit again what failed", "siptui retry @last"),
            ("Only phones that were offline", "siptui retry @last --cause offline"),
        ),
        {**_RUN, **_HELD},
    ),
    "attach": Ending(
        (
            ("Open the console on the newest run", "siptui attach"),
            ("Follow it in a script", "siptui attach @last --json --from-now"),
        ),
        {**_RUN, 0: "the console was left, or every device is signed in"},
    ),
    "export": Ending(
        (
            ("A report for the ticket", "siptui export @last -o report.md"),
            ("What failed, as a list", "siptui export @last --only failed -o failed.csv"),
        ),
        _DONE,
    ),
    "preflight": Ending(
        (
            ("Check everything", "siptui preflight phones.csv"),
            ("With the address of a site", "siptui preflight phones.csv --public-ip 203.0.113.7"),
        ),
        {0: "nothing fails", 3: "something fails", **_SIGN_IN},
    ),
    "fix": Ending(
        (
            ("Show the steps", "siptui fix phones.csv --dry-run"),
            ("As a PowerShell script", "siptui fix phones.csv --powershell"),
        ),
        {0: "all is done", 3: "something is left to you", **_SIGN_IN, 5: "a change is in doubt"},
    ),
    "urls": Ending(
        (("The URLs of a vendor", "siptui urls --region EMEA --vendor Yealink"),), _DONE
    ),
    "batches": Ending((("List the batches", "siptui batches"),), {**_DONE, **_SIGN_IN}),
    "batch": Ending(
        (("The devices of one", "siptui batch 2f6c9a10-6f0e-4a53-9d0b-0c6f6c1f7e21"),),
        {**_DONE, **_SIGN_IN},
    ),
    "auth login": Ending(
        (
            ("With a code in any browser", "siptui auth login"),
            ("Through Windows, with the state of this device", "siptui auth login --method broker"),
            ("Without keeping tokens", "siptui auth login --store memory"),
        ),
        {0: "signed in", 4: "the sign-in was refused or not completed"},
    ),
    "auth logout": Ending((("Remove the tokens", "siptui auth logout"),), _DONE),
    "auth status": Ending(
        (
            ("Who is signed in", "siptui auth status"),
            ("For monitoring", "siptui auth status --check"),
        ),
        {0: "signed in", 4: "not signed in, or no new token is given"},
    ),
    "emulator": Ending(
        (("Serve a tenant with phones", "siptui emulator --scenario demo --list phones.csv"),),
        {0: "it was ended"},
    ),
    "info": Ending(
        (
            ("Folders and profile", "siptui info"),
            ("Hosts for the firewall", "siptui info --hosts"),
        ),
        _DONE,
    ),
    "doctor": Ending(
        (
            ("Try each step", "siptui doctor"),
            ("A report for support", "siptui doctor --bundle report.zip"),
        ),
        {0: "nothing failed", **_SIGN_IN},
    ),
    "help": Ending((("A topic", "siptui help exit-codes"),), _DONE),
}

_OF_PROFILE = (("SIPTUI_PROFILE", "the profile to use"),)
_OF_ALL = (
    ("SIPTUI_CONFIG_DIR", "folder of config.toml"),
    ("SIPTUI_STATE_DIR", "folder of journal and logs"),
)
_OF_SERVICE = (
    ("SIPTUI_ACCESS_TOKEN", "a token for the admin API (also …_FILE, …_COMMAND)"),
    ("SIPTUI_GRAPH_TOKEN", "the same for Microsoft Graph"),
    ("SIPTUI_DEVICES_TOKEN", "the same for the device inventory"),
    ("HTTPS_PROXY, NO_PROXY", "the proxy, and hosts without it"),
    ("SSL_CERT_FILE", "certificates to trust"),
)


def command_of(context: click.Context) -> str:
    """The words of a command behind `siptui`, such as `auth login`."""
    words, at = [context.info_name or ""], context.parent
    while at is not None and at.parent is not None:
        words.insert(0, at.info_name or "")
        at = at.parent
    return " ".join(words)


def write_ending(context: click.Context, formatter: click.HelpFormatter) -> None:
    """Write examples, exit codes and environment of the command behind its options."""
    ending = ENDINGS.get(command_of(context))
    if ending is None:
        return
    with formatter.section("Examples"):
        for what, line in ending.examples:
            if what:
                formatter.write(f"{'':>{formatter.current_indent}}# {what}\n")
            formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
    with formatter.section("Exit codes (siptui help exit-codes)"):
        codes = {**_ALL, **ending.codes}
        formatter.write_dl([(str(int(code)), codes[code]) for code in sorted(codes)])
    with formatter.section("Environment (siptui help config)"):
        formatter.write_dl(list(_environment(context.command)))


def _environment(command: click.Command) -> Iterator[tuple[str, str]]:
    names = {param.name for param in command.params}
    everything = isinstance(command, click.Group)
    if "profile" in names or everything:
        yield from _OF_PROFILE
    yield from _OF_ALL
    if "record" in names or everything:  # which all have that meet the service
        yield from _OF_SERVICE


#: Codes that a table above may name: those of `ExitCode`.
KNOWN_CODES = frozenset(int(code) for code in ExitCode)
