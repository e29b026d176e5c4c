"""Configuration and theme files with mistakes in them."""

import random
from pathlib import Path

from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.settings.load import load
from siptui.tui.themes import load_themes, themes_folder

_CONFIG = """
default_profile = "contoso"
theme = "siptui-dark"
mouse = false
notify_command = ["notify", "-x"]

[profiles.contoso]
tenant = "00000000-0000-0000-0000-000000000000"
cloud = "public"
region = "EMEA"
batch_size = 20
slots = 1

[clouds.lab]
authority = "https://localhost:9443"
admin_api = "http://127.0.0.1:9080"

[keys]
submit = "S"
quit = ["q", "Q"]
"""
_PIECES = (
    *("[", "]", "=", '"', "'", "\n", "#", ".", ",", "{", "}", "true", "-1", "1e999", "0x1", "\x1b"),
    *("\x00", "\u202e", "nan", "inf", "9" * 400, "[" * 300, "[profiles.x]\n", 'tenant = "a"\n'),
    *("1979-05-27", '"""', "\ufeff", "[clouds.public]\n", 'cloud = "lab"\n', "\ud800", "../../x"),
)


def attack_config(folder: Path, rnd: random.Random, number: int) -> bool:
    """One configuration; whether it could be used. Only errors for people may come of it."""
    (folder / "config.toml").write_bytes(_damaged(_CONFIG, rnd))
    environ = {"SIPTUI_CONFIG_DIR": str(folder), "SIPTUI_STATE_DIR": str(folder / "state")}
    try:
        settings = load(environ)
        settings.profile(environ=environ)
    except SiptuiError as error:
        for text in (error.message, error.remedy):
            assert all(visible(line) == line for line in text.split("\n")), text
        return False
    return True


def attack_theme(folder: Path, rnd: random.Random, number: int) -> bool:
    """One theme file; whether it could be used. Else it is left out and named in one line."""
    good = rnd.choice(sorted(themes_folder().glob("*.toml"))).read_text(encoding="utf-8")
    (folder / "own.toml").write_bytes(_damaged(good, rnd))
    found = load_themes(folder)
    for fault in found.faults:
        assert visible(fault) == fault
        assert "own.toml" in fault
    assert ("own" in found.files) != bool(found.faults)
    return "own" in found.files


def _damaged(text: str, rnd: random.Random) -> bytes:
    for _ in range(rnd.randrange(4)):
        at = rnd.randrange(len(text) + 1)
        if rnd.random() < 0.6:
            text = text[:at] + rnd.choice(_PIECES) + text[at:]
        else:
            text = text[:at] + text[at + rnd.randrange(1, 12) :]
    data = text.encode("utf-8", "surrogatepass")
    if rnd.random() < 0.1:
        at = rnd.randrange(len(data) + 1)
        data = data[:at] + rnd.randbytes(2) + data[at + 1 :]
    return data
