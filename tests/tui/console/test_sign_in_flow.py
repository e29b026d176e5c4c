"""Signing in from the console by keys, with the real msal against the emulated authority."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from siptui.app.console_sign_in import ConsoleSignIn
from siptui.app.session import Selected
from siptui.emulator.entra.app import CONTOSO
from siptui.emulator.entra.tokens import EntraUser
from siptui.host.desktop import Desktop
from siptui.identity.token_cache import fitting, unpacked
from siptui.runs import events as ev
from siptui.settings.folders import Folders
from siptui.settings.load import Settings
from siptui.settings.model import Cloud, Profile
from siptui.tui.console.screen import Console
from siptui.tui.console.tenant_urls import known_tenant
from siptui.tui.dialogs.ask import Choice, Confirm
from siptui.tui.dialogs.sign_in import SignIn
from siptui.tui.widgets.text_lines import plain
from tests.identity.conftest import Authority, authority, certificates, server
from tests.identity.stand_in_broker import Broker, install
from tests.tui.harness import SIZES, ConsoleHarness, console
from tests.tui.scripted_runs import ScriptedRuns, list_text, make_devices

__all__ = ["authority", "certificates", "server"]  # fixtures


class _Setting:
    """Runs and the ways to sign in; polls of the authority wait for `go`."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        self.authority = authority
        self.runs = ScriptedRuns(folder)
        self.environ: dict[str, str] = {}
        self.go = asyncio.Event()
        where = Folders(folder / "config", folder / "state", folder / "logs")
        profile = Profile("work", CONTOSO, Cloud("own", authority.address, "https://x.invalid"))
        selected = Selected(Settings(where), profile, self.environ)
        self.state_folder = folder / "state"
        self.ways = ConsoleSignIn(selected, self.environ, self.runs.known_as, sleep=self._sleep)
        self.ways.port = 0  # any that is free

    async def _sleep(self, seconds: float) -> None:
        await self.go.wait()
        await asyncio.sleep(0.02)

    def approve(self, user: str = "") -> None:
        for code in list(self.authority.state.devices.values()):
            self.authority.state.approve(code.user_code, user)
        self.go.set()


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


def _code(harness: ConsoleHarness) -> str:
    found = re.search(r"┃  ((?:\S )+\S)  ┃", harness.text)
    return found.group(1).replace(" ", "") if found else ""


async def _asked(harness: ConsoleHarness, *answer: str) -> None:
    """From the question where to keep the tokens to the code."""
    await harness.until(lambda: isinstance(harness.app.screen, Choice))
    await harness.press(*answer)
    await harness.until(lambda: bool(_code(harness)))


async def test_a_submit_without_a_sign_in_asks_for_one(
    tmp_path: Path, authority: Authority
) -> None:
    setting = _Setting(authority, tmp_path)
    text = list_text(make_devices(3))
    options = {"runs": setting.runs, "text": text, "size": (80, 24), "sign_in": setting.ways}
    async with console(tmp_path, **options) as harness:
        await harness.pilot.press("s")
        await _asked(harness, "enter")
        assert f"{authority.address}/common/oauth2/deviceauth" in harness.flat.replace(" ", "")
        assert "Good for 14:" in harness.flat
        await harness.press("y")
        assert harness.app.clipboard == _code(harness)
        assert [one.name for one in (tmp_path / "saved").iterdir()] == ["console.json"]
        await harness.press("question_mark")  # a sign-in goes on while its help is read
        assert "Only ever type a code that you asked for yourself" in harness.flat
        setting.approve()
        await harness.until(lambda: isinstance(harness.app.screen, Confirm))
        assert "operator@contoso.com" in harness.console.session.account
        log = harness.console.log_pane  # a part of which lies below the question
        said = "Signed in as operator@contoso.com"
        await harness.until(lambda: any(said in plain(line) for line in log.entries))
        assert known_tenant(harness.console.session, harness.console.key_of).guid == CONTOSO
        await harness.type("3")
        await harness.press("enter")
        assert setting.runs.started == [setting.runs.newest]
        planned = setting.runs.journal.read(setting.runs.newest)[0].event
        assert isinstance(planned, ev.RunPlanned)
        assert planned.actor.account == "operator@contoso.com"
    kept = setting.state_folder / "work" / "tokens.json"
    assert kept.stat().st_mode & 0o777 == 0o600


async def test_escape_calls_it_off_at_once_and_nothing_is_submitted(
    tmp_path: Path, authority: Authority
) -> None:
    setting = _Setting(authority, tmp_path)
    text = list_text(make_devices(3))
    async with console(tmp_path, runs=setting.runs, text=text, sign_in=setting.ways) as harness:
        await harness.pilot.press("s")
        await _asked(harness, "enter")
        await harness.press("escape")
        await harness.until(lambda: isinstance(harness.app.screen, Console))
        assert "not signed in; nothing was submitted" in harness.text
        assert setting.runs.journal.runs() == []


async def test_a_run_that_needs_a_sign_in_asks_and_goes_on(
    tmp_path: Path, authority: Authority
) -> None:
    setting = _Setting(authority, tmp_path)
    setting.runs.create(make_devices(3), file="x.csv", sha256="", skipped=0, options=ev.Options())
    run = setting.runs.newest
    options = {"runs": setting.runs, "run": run, "size": (80, 24), "sign_in": setting.ways}
    async with console(tmp_path, **options) as harness:
        setting.runs.write(ev.Waiting(why="sign-in needed: The session was revoked."))
        harness.console.tick()
        await _asked(harness, "j", "enter")  # in memory
        assert "The session was revoked" in harness.flat
        first = _code(harness)
        await harness.press("n")
        await harness.until(lambda: _code(harness) not in ("", first))
        setting.approve()
        await harness.until(lambda: isinstance(harness.app.screen, Console))
        orders = [s.event for s in setting.runs.journal.read(run)]
        assert [o.what for o in orders if isinstance(o, ev.Order)] == ["new_token"]
        await harness.look()
        assert "sign-in needed" not in harness.text.splitlines()[2]
        given = setting.ways.handoff().sign_in  # for the worker that waits, and for the next
        account = fitting(unpacked(given.encode()), setting.authority.registration()).account()
        assert account is not None
        assert account.user == "operator@contoso.com"
        assert "eyJ" not in harness.text
    assert not list(setting.state_folder.rglob("tokens.*"))


async def test_a_refusal_is_told_and_the_browser_is_the_next_way(
    tmp_path: Path, authority: Authority
) -> None:
    setting = _Setting(authority, tmp_path)
    authority.state.refuse("device", 53003)
    text = list_text(make_devices(3))
    options = {"runs": setting.runs, "text": text, "size": (80, 24), "sign_in": setting.ways}
    async with console(tmp_path, **options) as harness:
        await harness.pilot.press("i")
        await _asked(harness, "enter")
        setting.approve()
        await harness.until(lambda: "Conditional Access blocks" in harness.flat)
        assert "Try the browser (b). If that is blocked too, ask for an exception" in harness.flat
        assert "In Entra's sign-in log: correlation id " in harness.flat
        await harness.press("b")
        await harness.until(lambda: "ssh -L" in harness.text)
        screen = harness.app.screen
        assert isinstance(screen, SignIn)
        assert screen._address is not None
        assert screen._address.tunnel in harness.flat
        harness.fill("http://localhost/?code=x&state=wrong")
        await harness.press("enter")
        assert "not the address of this sign-in" in harness.flat
        harness.fill(await _redirected(screen._address.url))
        await harness.press("enter")
        await harness.until(lambda: isinstance(harness.app.screen, Console))
        assert "Signed in as operator@contoso.com" in harness.text


async def test_through_windows_where_codes_are_blocked(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = _Setting(authority, tmp_path)
    authority.state.refuse("device", 53003)
    broker = Broker(authority.state)
    options = {"runs": setting.runs, "size": (80, 24), "sign_in": setting.ways}
    install(monkeypatch, broker)
    async with console(tmp_path, **options) as harness:
        await harness.pilot.press("i")
        await _asked(harness, "enter")
        setting.approve()
        await harness.until(lambda: "Conditional Access blocks" in harness.flat)
        assert "Sign in through Windows, which shows the state of this device (w)" in harness.flat
        with monkeypatch.context() as elsewhere:
            place = "siptui.identity.broker_place.desktop"
            elsewhere.setattr(place, lambda: Desktop.OVER_SSH)
            await harness.press("w")
            await harness.until(lambda: "not seen over SSH" in harness.flat)
            assert "Sign in by a code (n)" in harness.flat
        broker.fail("UserCanceled")
        await harness.press("w")
        await harness.until(lambda: "called off in the window of Windows" in harness.flat)
        broker.failing = None
        broker.window.clear()
        await harness.press("w")
        await harness.until(lambda: "Windows asks in a window of its own" in harness.flat)
        broker.window.set()
        await harness.until(lambda: isinstance(harness.app.screen, Console))
        assert "Signed in as operator@contoso.com" in harness.text
    content = (setting.state_folder / "work" / "tokens.json").read_bytes()
    tokens = unpacked(content)
    assert tokens
    assert tokens.by_broker


async def _redirected(url: str) -> str:
    from siptui.transport.tls import trust
    from tests.transport import web

    async with web.AsyncClient(verify=trust()) as browser:
        answer = await browser.get(url)
    return answer.headers["location"]


_OTHER = "22222222-2222-4222-8222-222222222222"


def _decline(setting: _Setting, code: str) -> None:
    setting.authority.state.decline(code)


def _expire(setting: _Setting, code: str) -> None:
    setting.authority.state.expire(code)


def _as_a_stranger(setting: _Setting, code: str) -> None:
    state = setting.authority.state
    state.tenants[_OTHER] = ("elsewhere.example",)
    state.users.append(EntraUser("guest@elsewhere.example", _OTHER, "oid-of-a-guest"))
    state.approve(code, "guest@elsewhere.example")


async def test_an_attempt_that_fails_says_why_and_a_new_code_leads_on(
    tmp_path: Path, authority: Authority
) -> None:
    stranger = f"signed in to tenant {_OTHER}, but the profile is for {CONTOSO}"
    ways: dict[str, Callable[[_Setting, str], None]] = {
        "was declined": _decline,
        "has expired": _expire,
        stranger: _as_a_stranger,
    }
    setting = _Setting(authority, tmp_path)
    options = {"runs": setting.runs, "text": list_text(make_devices(3)), "size": (80, 24)}
    async with console(tmp_path, sign_in=setting.ways, **options) as harness:
        await harness.pilot.press("i")
        await _asked(harness, "enter")
        for sentence, act in ways.items():
            code = _code(harness)
            act(setting, code)
            setting.go.set()
            await harness.until(lambda said=sentence: said in harness.flat)
            assert "n new code · b browser · Esc cancels" in harness.flat
            assert not list(setting.state_folder.rglob("tokens.json"))
            setting.go.clear()
            await harness.press("n")
            await harness.until(lambda last=code: _code(harness) not in ("", last))
        setting.approve("operator@contoso.com")
        await harness.until(lambda: isinstance(harness.app.screen, Console))
        assert "Signed in as operator@contoso.com" in harness.text


async def test_the_tenants_own_name_is_on_the_screen_once_it_is_told(
    tmp_path: Path, authority: Authority
) -> None:
    setting = _Setting(authority, tmp_path)
    for size in SIZES:
        options = {"runs": ScriptedRuns(tmp_path / str(size)), "size": size}
        async with console(tmp_path, sign_in=setting.ways, **options) as harness:
            assert " siptui  Contoso Ltd " in harness.text.splitlines()[0]
            setting.ways.tenant_name = "Contoso Telephony"
            harness.console.show_bars()
            await harness.settle()
            assert "Contoso Telephony (Contoso Ltd)" in harness.text.splitlines()[0]
            setting.ways.tenant_name = ""


async def test_a_run_that_waits_already_when_it_is_attached_asks_at_once(
    tmp_path: Path, authority: Authority
) -> None:
    setting = _Setting(authority, tmp_path)
    setting.runs.create(make_devices(3), file="x.csv", sha256="", skipped=0, options=ev.Options())
    why = "sign-in needed: The access token is missing, invalid or has expired, HTTP 401."
    setting.runs.write(ev.Waiting(why=why))
    options = {"runs": setting.runs, "run": setting.runs.newest, "size": (80, 24)}
    async with console(tmp_path, sign_in=setting.ways, **options) as harness:
        await _asked(harness, "enter")
        await harness.press("escape")
        await harness.until(lambda: isinstance(harness.app.screen, Console))
        setting.runs.write(ev.Note(level="info", text="something else"))
        await harness.look()  # asked once: who called it off was not mistaken
        assert isinstance(harness.app.screen, Console)
        assert harness.text.splitlines()[2].startswith(" i signs in. Sign-in needed: The access")
        setting.runs.write(ev.Waiting(why="the sign-in is good again", over=True))
        await harness.look()
        assert "signs in" not in harness.text.splitlines()[2]
        assert "the sign-in is good again" in harness.text
