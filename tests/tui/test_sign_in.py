"""Signing in from the console by keys, with the real msal against the emulated authority."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from siptui.commands.console_sign_in import ConsoleSignIn
from siptui.commands.session import Selected
from siptui.emulator.entra import CONTOSO
from siptui.emulator.entra_tokens import EntraUser
from siptui.identity.vault import fitting, unpacked
from siptui.runs import events as ev
from siptui.settings.folders import Folders
from siptui.settings.load import Settings
from siptui.settings.model import Cloud, Profile
from siptui.tui.dialogs.ask import Choice, Confirm
from siptui.tui.dialogs.sign_in import SignIn
from siptui.tui.flows import Console
from tests.identity.conftest import Authority, authority, certificates, server
from tests.tui.desk import ScriptedDesk, list_text, make_devices
from tests.tui.harness import SIZES, Bench, console

__all__ = ["authority", "certificates", "server"]  # fixtures


class _Setting:
    """A desk and the ways to sign in; polls of the authority wait for `go`."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        self.authority = authority
        self.desk = ScriptedDesk(folder)
        self.environ: dict[str, str] = {}
        self.go = asyncio.Event()
        where = Folders(folder / "config", folder / "state", folder / "logs")
        profile = Profile("work", CONTOSO, Cloud("own", authority.address, "https://x.invalid"))
        selected = Selected(Settings(where), profile, self.environ)
        self.state_folder = folder / "state"
        self.ways = ConsoleSignIn(selected, self.environ, self.desk.known_as, sleep=self._sleep)
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


async def _until(bench: Bench, wanted: Callable[[], bool]) -> None:
    for _ in range(1500):
        if wanted():
            await bench.settle()
            return
        await asyncio.sleep(0.01)
    raise AssertionError(bench.text)


def _code(bench: Bench) -> str:
    found = re.search(r"┃  ((?:\S )+\S)  ┃", bench.text)
    return found.group(1).replace(" ", "") if found else ""


async def _asked(bench: Bench, *answer: str) -> None:
    """From the question where to keep the tokens to the code."""
    await _until(bench, lambda: isinstance(bench.app.screen, Choice))
    await bench.press(*answer)
    await _until(bench, lambda: bool(_code(bench)))


async def test_a_submit_without_a_sign_in_asks_for_one(
    tmp_path: Path, authority: Authority
) -> None:
    setting = _Setting(authority, tmp_path)
    text = list_text(make_devices(3))
    options = {"desk": setting.desk, "text": text, "size": (80, 24), "sign_in": setting.ways}
    async with console(tmp_path, **options) as bench:
        await bench.pilot.press("s")
        await _asked(bench, "enter")
        assert f"{authority.address}/common/oauth2/deviceauth" in bench.flat.replace(" ", "")
        assert "Good for 14:" in bench.flat
        await bench.press("y")
        assert bench.app.clipboard == _code(bench)
        assert not (tmp_path / "saved").exists()
        await bench.press("question_mark")  # a sign-in goes on while its help is read
        assert "Only ever type a code that you asked for yourself" in bench.flat
        setting.approve()
        await _until(bench, lambda: isinstance(bench.app.screen, Confirm))
        assert "operator@contoso.com" in bench.console.session.account
        await _until(bench, lambda: "Signed in as operator@contoso.com" in bench.text)
        assert bench.console.tenant_known().guid == CONTOSO
        await bench.type("3")
        await bench.press("enter")
        assert setting.desk.started == [setting.desk.newest]
        planned = setting.desk.journal.read(setting.desk.newest)[0].event
        assert isinstance(planned, ev.RunPlanned)
        assert planned.actor.account == "operator@contoso.com"
    kept = setting.state_folder / "work" / "tokens.json"
    assert kept.stat().st_mode & 0o777 == 0o600


async def test_escape_calls_it_off_at_once_and_nothing_is_submitted(
    tmp_path: Path, authority: Authority
) -> None:
    setting = _Setting(authority, tmp_path)
    text = list_text(make_devices(3))
    async with console(tmp_path, desk=setting.desk, text=text, sign_in=setting.ways) as bench:
        await bench.pilot.press("s")
        await _asked(bench, "enter")
        await bench.press("escape")
        await _until(bench, lambda: isinstance(bench.app.screen, Console))
        assert "not signed in; nothing was submitted" in bench.text
        assert setting.desk.journal.runs() == []


async def test_a_run_that_needs_a_sign_in_asks_and_goes_on(
    tmp_path: Path, authority: Authority
) -> None:
    setting = _Setting(authority, tmp_path)
    setting.desk.create(make_devices(3), file="x.csv", sha256="", skipped=0, options=ev.Options())
    run = setting.desk.newest
    options = {"desk": setting.desk, "run": run, "size": (80, 24), "sign_in": setting.ways}
    async with console(tmp_path, **options) as bench:
        setting.desk.write(ev.Waiting(why="sign-in needed: The session was revoked."))
        bench.console.tick()
        await _asked(bench, "j", "enter")  # in memory
        assert "The session was revoked" in bench.flat
        first = _code(bench)
        await bench.press("n")
        await _until(bench, lambda: _code(bench) not in ("", first))
        setting.approve()
        await _until(bench, lambda: isinstance(bench.app.screen, Console))
        orders = [s.event for s in setting.desk.journal.read(run)]
        assert [o.what for o in orders if isinstance(o, ev.Order)] == ["new_token"]
        await bench.look()
        assert "sign-in needed" not in bench.text.splitlines()[2]
        given = setting.ways.gift().sign_in  # for the worker that waits, and for the next
        account = fitting(unpacked(given.encode()), setting.authority.registration()).account()
        assert account is not None
        assert account.user == "operator@contoso.com"
        assert "eyJ" not in bench.text
    assert not list(setting.state_folder.rglob("tokens.*"))


async def test_a_refusal_is_told_and_the_browser_is_the_next_way(
    tmp_path: Path, authority: Authority
) -> None:
    setting = _Setting(authority, tmp_path)
    authority.state.refuse("device", 53003)
    text = list_text(make_devices(3))
    options = {"desk": setting.desk, "text": text, "size": (80, 24), "sign_in": setting.ways}
    async with console(tmp_path, **options) as bench:
        await bench.pilot.press("i")
        await _asked(bench, "enter")
        setting.approve()
        await _until(bench, lambda: "Conditional Access blocks" in bench.flat)
        assert "Try the browser (b). If that is blocked too, ask for an exception" in bench.flat
        assert "In Entra's sign-in log: correlation id " in bench.flat
        await bench.press("b")
        await _until(bench, lambda: "ssh -L" in bench.text)
        screen = bench.app.screen
        assert isinstance(screen, SignIn)
        assert screen._address is not None
        assert screen._address.tunnel in bench.flat
        bench.fill("http://localhost/?code=x&state=wrong")
        await bench.press("enter")
        assert "not the address of this sign-in" in bench.flat
        bench.fill(await _redirected(screen._address.url))
        await bench.press("enter")
        await _until(bench, lambda: isinstance(bench.app.screen, Console))
        assert "Signed in as operator@contoso.com" in bench.text


async def _redirected(url: str) -> str:
    import httpx

    from siptui.transport.tls import trust

    async with httpx.AsyncClient(verify=trust()) as browser:
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


@pytest.mark.parametrize(
    ("act", "sentence", "size"),
    [
        (_decline, "was declined", SIZES[0]),
        (_expire, "has expired", SIZES[1]),
        (
            _as_a_stranger,
            f"signed in to tenant {_OTHER}, but the profile is for {CONTOSO}",
            SIZES[0],
        ),
    ],
)
async def test_an_attempt_that_fails_says_why_and_a_new_code_leads_on(
    tmp_path: Path,
    authority: Authority,
    act: Callable[[_Setting, str], None],
    sentence: str,
    size: tuple[int, int],
) -> None:
    setting = _Setting(authority, tmp_path)
    text = list_text(make_devices(3))
    async with console(
        tmp_path, desk=setting.desk, text=text, size=size, sign_in=setting.ways
    ) as bench:
        await bench.pilot.press("i")
        await _asked(bench, "enter")
        first = _code(bench)
        act(setting, first)
        setting.go.set()
        await _until(bench, lambda: sentence in bench.flat)
        assert "n new code · b browser · Esc cancels" in bench.flat
        assert not list(setting.state_folder.rglob("tokens.json"))
        setting.go.clear()
        await bench.press("n")
        await _until(bench, lambda: _code(bench) not in ("", first))
        setting.approve("operator@contoso.com")
        await _until(bench, lambda: isinstance(bench.app.screen, Console))
        assert "Signed in as operator@contoso.com" in bench.text


async def test_the_tenants_own_name_is_on_the_screen_once_it_is_told(
    tmp_path: Path, authority: Authority
) -> None:
    setting = _Setting(authority, tmp_path)
    for size in SIZES:
        options = {"desk": ScriptedDesk(tmp_path / str(size)), "size": size}
        async with console(tmp_path, sign_in=setting.ways, **options) as bench:
            assert " siptui  Contoso Ltd " in bench.text.splitlines()[0]
            setting.ways.tenant_name = "Contoso Telephony"
            bench.console.show_bars()
            await bench.settle()
            assert "Contoso Telephony (Contoso Ltd)" in bench.text.splitlines()[0]
            setting.ways.tenant_name = ""


async def test_a_run_that_waits_already_when_it_is_attached_asks_at_once(
    tmp_path: Path, authority: Authority
) -> None:
    setting = _Setting(authority, tmp_path)
    setting.desk.create(make_devices(3), file="x.csv", sha256="", skipped=0, options=ev.Options())
    why = "sign-in needed: The access token is missing, invalid or has expired, HTTP 401."
    setting.desk.write(ev.Waiting(why=why))
    options = {"desk": setting.desk, "run": setting.desk.newest, "size": (80, 24)}
    async with console(tmp_path, sign_in=setting.ways, **options) as bench:
        await _asked(bench, "enter")
        await bench.press("escape")
        await _until(bench, lambda: isinstance(bench.app.screen, Console))
        setting.desk.write(ev.Note(level="info", text="something else"))
        await bench.look()  # asked once: who called it off was not mistaken
        assert isinstance(bench.app.screen, Console)
        assert bench.text.splitlines()[2].startswith(" i signs in. Sign-in needed: The access")
        setting.desk.write(ev.Waiting(why="the sign-in is good again", over=True))
        await bench.look()
        assert "signs in" not in bench.text.splitlines()[2]
        assert "the sign-in is good again" in bench.text
