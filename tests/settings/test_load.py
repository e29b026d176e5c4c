"""config.toml: what it gives, and how its mistakes are named."""

from pathlib import Path

import pytest

from siptui.domain.errors import ExitCode, SignInNeededError, UsageError
from siptui.domain.region import Region
from siptui.gateway.tenant_model import NumberType
from siptui.settings.folders import Folders
from siptui.settings.load import Settings, load, parse
from siptui.settings.model import BUILT_IN_CLOUDS, NUMBER_TYPES

EXAMPLE = """
default_profile = "contoso"

[profiles.contoso]
tenant = "00000000-0000-0000-0000-000000000000"
cloud = "public"
region = "EMEA"
client_id = "11111111-1111-1111-1111-111111111111"
theme = "siptui-dark"

[profiles.lab]
tenant = "lab.example"
cloud = "lab"
batch_size = 20
slots = 1
public_ips = ["203.0.113.7/32", "198.51.100.0/28"]
number_type = "callingplan"

[profiles.lab.columns]
username = "Konto"
hardware_id = ["Inventar MAC", "MAC"]

[clouds.lab]
authority = "https://localhost:9443"
admin_api = "http://127.0.0.1:9080"
graph = "http://127.0.0.1:9081/"

[keys]
submit = "S"
quit = ["q", "Q"]
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "SIPTUI_CONFIG_DIR": str(tmp_path / "config"),
        "SIPTUI_STATE_DIR": str(tmp_path / "state"),
    }


def loaded(environ: dict[str, str], text: str) -> Settings:
    path = Path(environ["SIPTUI_CONFIG_DIR"]) / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return load(environ)


def test_the_example_of_the_interface_page(environ: dict[str, str]) -> None:
    settings = loaded(environ, EXAMPLE)
    contoso = settings.profile(environ=environ)
    assert contoso.name == "contoso"
    assert contoso.cloud == BUILT_IN_CLOUDS["public"]
    assert contoso.region is Region.EMEA
    assert contoso.theme == "siptui-dark"
    lab = settings.profile("lab", environ)
    assert lab.cloud.admin_api == "http://127.0.0.1:9080"
    assert lab.cloud.graph == "http://127.0.0.1:9081"
    assert (lab.batch_size, lab.slots, lab.region) == (20, 1, None)
    assert lab.public_ips == ("203.0.113.7", "198.51.100.0/28")
    assert (lab.number_type, contoso.number_type) == ("CallingPlan", "DirectRouting")
    assert tuple(NumberType) == NUMBER_TYPES
    assert lab.columns.headers == {"username": ("Konto",), "hardware_id": ("Inventar MAC", "MAC")}
    assert lab.columns.origin.startswith("[profiles.lab.columns] of /")
    assert not contoso.columns
    assert settings.keys == {"submit": ("S",), "quit": ("q", "Q")}


def test_a_flag_beats_the_environment_and_that_the_file(environ: dict[str, str]) -> None:
    settings = loaded(environ, EXAMPLE)
    assert settings.profile(None, {"SIPTUI_PROFILE": "lab"}).name == "lab"
    assert settings.profile("contoso", {"SIPTUI_PROFILE": "lab"}).name == "contoso"
    assert settings.profile(None, {"SIPTUI_PROFILE": ""}).name == "contoso"


def test_the_only_profile_needs_no_choice_and_of_two_one_must_be_made(
    environ: dict[str, str],
) -> None:
    one = '[profiles.a]\ntenant = "a.example"\n'
    assert loaded(environ, one).profile(environ={}).name == "a"
    with pytest.raises(UsageError, match="a, b"):
        loaded(environ, one + '[profiles.b]\ntenant = "b.example"').profile(environ={})


def test_without_a_profile_a_sign_in_is_needed(environ: dict[str, str]) -> None:
    settings = load(environ)
    assert not settings.exists
    with pytest.raises(SignInNeededError) as caught:
        settings.profile(environ={})
    assert caught.value.exit_code is ExitCode.SIGN_IN
    with pytest.raises(UsageError, match="--profile"):
        settings.profile("nobody", {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = \n", ["not TOML", "line 1"]),
        ("colour = 1", ["colour", "allowed here", "theme"]),
        ("default_profil = 'a'", ["default_profil", "did you mean 'default_profile'"]),
        ("[profiles.a]\ncloud = 'public'", ["profiles.a.tenant", "missing", "domains"]),
        ("[profiles.a]\ntenant = 7", ["profiles.a.tenant is 7", "id or one of its domains"]),
        ("[profiles.a]\ntenant = 'a/b'", ["profiles.a.tenant", "'a/b'"]),
        (
            "[profiles.a]\ntenant = 'a'\nregion = 'EMAE'",
            ["profiles.a.region", "APAC, EMEA or NOAM"],
        ),
        ("[profiles.a]\ntenant = 'a'\nregoin = 'EMEA'", ["profiles.a.regoin", "'region'"]),
        (
            "[profiles.a]\ntenant = 'a'\nbatch_size = 101",
            ["profiles.a.batch_size is 101", "1 to 100"],
        ),
        ("[profiles.a]\ntenant = 'a'\nslots = true", ["profiles.a.slots", "1 to 3"]),
        (
            "[profiles.a]\ntenant = 'a'\ncloud = 'gccc'",
            ["profiles.a.cloud", "gcch", "did you mean"],
        ),
        ("[profiles.a]\ntenant = 'a'\nclient_id = 'x'", ["profiles.a.client_id", "GUID"]),
        (
            "[profiles.a]\ntenant = 'a'\npublic_ips = ['203.0.113.7', '10.0.0.1']",
            ["profiles.a.public_ips", "10.0.0.1", "10.0.0.0/8"],
        ),
        ("[profiles.a]\ntenant = 'a'\npublic_ips = 7", ["public_ips is 7", "list of texts"]),
        (
            "[profiles.a]\ntenant = 'a'\nnumber_type = 'Mobile'",
            ["profiles.a.number_type", "OperatorConnect"],
        ),
        (
            "[profiles.a]\ntenant = 'a'\ncolumns.user = 'Konto'",
            ["profiles.a.columns.user", "allowed here", "username"],
        ),
        (
            "[profiles.a]\ntenant = 'a'\ncolumns.region = ['', 'x']",
            ["profiles.a.columns.region", "a header of your lists"],
        ),
        (
            "[profiles.a]\ntenant = 'a'\ncolumns = {username = 'A B', hardware_id = 'a_b'}",
            ["profiles.a.columns.hardware_id", "“a_b”", "so does username"],
        ),
        ("[profiles.a]\ntenant = 'a'\ncolumns = 'Konto'", ["columns is", "table of column"]),
        ("[profiles.logs]\ntenant = 'a'", ["profiles.logs", "choose another"]),
        ("[profiles.'../a']\ntenant = 'a'", ["letters, digits"]),
        ("[profiles.a]\ntenant = 'a'\n[profiles.A]\ntenant = 'a'", ["case"]),
        ("profiles = 3", ["profiles is 3", "[profiles.NAME]"]),
        ("default_profile = 'b'\n[profiles.a]\ntenant = 'a'", ["default_profile", "[profiles.b]"]),
        ("[clouds.public]\nauthority = 'https://x'\nadmin_api = 'https://x'", ["built in"]),
        ("[clouds.x]\nauthority = 'https://x'", ["clouds.x.admin_api is missing"]),
        ("[clouds.x]\nauthority = 'http://localhost'\nadmin_api = 'https://x'", ["always https"]),
        ("redirect_port = 80", ["redirect_port is 80", "1024"]),
        ("notify_command = 'a \"b'", ["notify_command"]),
        ("log_level = 'loud'", ["log_level", "debug"]),
        ("[keys]\nsubmit = 1", ["keys", "action"]),
        ("mouse = 'yes'", ["mouse", "true or false"]),
        ("notify_terminal = 9", ["notify_terminal", "true or false"]),
    ],
)
def test_a_mistake_is_named_with_file_key_and_what_is_allowed(
    environ: dict[str, str], text: str, words: list[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        loaded(environ, text)
    assert "config.toml" in caught.value.message
    for word in words:
        assert word in caught.value.message


@pytest.mark.parametrize(
    "address",
    [
        "http://admin.example",
        "http://127.0.0.1.evil.example",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "127.0.0.1:9080",
        "https://user:secret@admin.example",
        "https://admin.example/?x",
        "https://",
        "https://[::1",
        "https://a\x1bb",
    ],
)
def test_plain_http_is_for_this_machine_only(environ: dict[str, str], address: str) -> None:
    text = f"[clouds.x]\nauthority = 'https://x'\nadmin_api = {_toml(address)}"
    with pytest.raises(UsageError) as caught:
        loaded(environ, text)
    assert "clouds.x.admin_api" in caught.value.message
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("host", ["127.0.0.1:1", "127.9.9.9", "localhost:8080", "[::1]:80"])
def test_plain_http_to_this_machine_is_accepted(environ: dict[str, str], host: str) -> None:
    text = f"[clouds.x]\nauthority = 'https://x'\nadmin_api = 'http://{host}/'"
    assert loaded(environ, text).clouds["x"].admin_api == f"http://{host}"


def test_folders_follow_the_environment(environ: dict[str, str], tmp_path: Path) -> None:
    where = load(environ).folders
    assert where.config_file == tmp_path / "config" / "config.toml"
    assert where.logs == tmp_path / "state" / "logs"
    journal = where.journal("contoso")
    assert journal == tmp_path / "state" / "contoso" / "journal.db"
    for folder in (journal.parent, journal.parent.parent):
        assert folder.stat().st_mode & 0o777 == 0o700


def _toml(text: str) -> str:
    return '"' + text.replace("\x1b", "\\u001b") + '"'


def test_a_relative_notify_command_lies_beside_the_configuration(tmp_path: Path) -> None:
    where = Folders(tmp_path / "config", tmp_path / "state", tmp_path / "logs")
    told = parse('notify_command = ["./tell.sh", "./now"]', where).notify_command
    assert told == (str(tmp_path / "config" / "tell.sh"), "./now")
    assert parse('notify_command = "tell now"', where).notify_command == ("tell", "now")
    assert parse('notify_command = "/opt/tell"', where).notify_command == ("/opt/tell",)


def test_an_audit_log_is_a_full_path_or_syslog(environ: dict[str, str]) -> None:
    lab = '[profiles.lab]\ntenant = "lab.example"\n'
    other = '[profiles.other]\ntenant = "other.example"\naudit_log = ""\n'
    both = loaded(environ, f'audit_log = "syslog"\n{lab}{other}').profiles
    assert (both["lab"].audit_log, both["other"].audit_log) == ("syslog", "")
    home = loaded(environ, f'{lab}audit_log = "~/audit.jsonl"\n').profiles["lab"]
    assert home.audit_log == str(Path("~/audit.jsonl").expanduser())
    for text, key in (
        (f'{lab}audit_log = "audit.jsonl"\n', "profiles.lab.audit_log"),
        (f'audit_log = "logs/audit.jsonl"\n{lab}', "audit_log"),
        (f"{lab}audit_log = true\n", "profiles.lab.audit_log"),
    ):
        with pytest.raises(UsageError, match=f"{key} is .*full path"):
            loaded(environ, text)
