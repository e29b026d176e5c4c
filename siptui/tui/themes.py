"""Themes: files, checked as a whole; the colours of status come with each.

A theme file is TOML: `dark`, `ansi` (the terminal's own colours), `[colors]` for the surfaces,
`[status]` for the states and `[style]` for their text style, so that a theme may tell states
apart without any colour.
"""

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, field

from siptui.domain.errors import UsageError
from siptui.domain.text import visible
from siptui.host.files import read_plain

if TYPE_CHECKING:
    from textual.theme import Theme

STATES = ("ok", "failed", "running", "queued", "unknown", "invalid")
#: The theme where none is chosen.
DEFAULT = "siptui-dark"
_STYLES = frozenset({"none", "bold", "dim", "italic", "underline", "reverse"})


class Colors(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The surfaces of a theme."""

    primary: str
    foreground: str
    background: str
    accent: str
    surface: str
    panel: str
    muted: str
    cursor: str
    head: str = ""


class Status(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The colour of each state."""

    ok: str
    failed: str
    running: str
    queued: str
    unknown: str
    invalid: str


class Styles(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The text style of each state, of muted text and of the cursor: words as in `bold italic`."""

    ok: str = "none"
    failed: str = "none"
    running: str = "none"
    queued: str = "none"
    unknown: str = "none"
    invalid: str = "none"
    muted: str = "none"
    cursor: str = "none"


class ThemeFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a theme file says. Its name is that of the file. `sixteen` names the theme to show in
    its place where a terminal has sixteen colours; one with the terminal's own if left out."""

    colors: Colors
    status: Status
    style: Styles = Styles()
    dark: bool = True
    ansi: bool = False
    sixteen: str = ""

    @property
    def in_few(self) -> str:
        """The theme in its place where there are sixteen colours: the nearest ones would be grey
        for green, and red on grey under the cursor. Nothing where it can be shown itself."""
        if self.ansi:
            return ""
        return self.sixteen or ("ansi-dark" if self.dark else "ansi-light")


class Themes(Struct, frozen=True):
    """The themes that can be used, by name, and what is wrong with the others."""

    files: dict[str, ThemeFile] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def themes_folder() -> Path:
    """The folder of the themes that come with siptui: in the package, or in a source checkout."""
    package = Path(__file__).resolve().parent.parent
    packed = package / "themes"
    return packed if packed.is_dir() else package.parent / "themes"


def theme_names(own: Path | None = None) -> list[str]:
    """The names of the themes there are, those in the folder `own` among them; none is read."""
    folders = [folder for folder in (themes_folder(), own) if folder is not None]
    return sorted({path.stem for folder in folders for path in folder.glob("*.toml")})


def known_theme(name: str, own: Path | None = None, *, said_by: str = "") -> str:
    """`name`, if there is such a theme; `UsageError` names those there are, and `said_by` what
    asked for it. One of the operator's own is read, too, which must come after the environment
    was prepared for Textual: `UsageError` tells what is wrong with it."""
    names = theme_names(own)
    if name not in names:
        raise UsageError(
            f"there is no theme {visible(name)!r}" + (f" ({said_by})" if said_by else ""),
            code="theme",
            remedy=f"The themes are {', '.join(map(visible, names))}.",
        )
    if own is not None and (file := own / f"{name}.toml").is_file():
        read_theme(file)
    return name


def load_themes(own: Path | None = None) -> Themes:
    """Read every theme file; those in the folder `own` win over those of the same name.

    A broken file is left out and told in `faults`, one line each.
    """
    files: dict[str, ThemeFile] = {}
    faults = []
    for folder in (themes_folder(), own):
        if folder is None or not folder.is_dir():
            continue
        for path in sorted(folder.glob("*.toml")):
            try:
                files[path.stem] = read_theme(path)
            except UsageError as error:
                faults.append(error.message)
    return Themes(files, tuple(faults))


def read_theme(path: Path) -> ThemeFile:
    """One theme file; `UsageError` names the file and what is wrong with it."""
    from textual.color import Color, ColorParseError

    name = visible(path.name)
    try:
        theme = msgspec.convert(tomllib.loads(read_plain(path).decode("utf-8")), ThemeFile)
    except OSError as error:
        raise UsageError(f"theme {name}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UsageError(f"theme {name}: {visible(str(error))}") from error
    for part in (theme.colors, theme.status):
        for key in part.__struct_fields__:
            text = getattr(part, key)
            if not text and key == "head":
                continue
            try:
                color = Color.parse(text)
            except ColorParseError:
                raise UsageError(f"theme {name}: {key} = {visible(text)!r} is no colour") from None
            if (color.ansi is not None) is not theme.ansi:
                kind = "a name such as ansi_blue" if theme.ansi else "a colour such as #4ec9b0"
                raise UsageError(f"theme {name}: {key} must be {kind}")
    for key in theme.style.__struct_fields__:
        if unknown := set(getattr(theme.style, key).split()) - _STYLES:
            raise UsageError(f"theme {name}: {key} = {visible(unknown.pop())!r} is no text style")
    return theme


def variables(theme: ThemeFile) -> dict[str, str]:
    """The style sheet's variables that are siptui's own."""
    colors = theme.colors
    values = {f"status-{s}": getattr(theme.status, s) for s in STATES}
    values |= {f"status-{s}-style": getattr(theme.style, s) for s in STATES}
    values |= {
        "muted": colors.muted,
        "muted-style": theme.style.muted,
        "cursor-row": colors.cursor,
        "cursor-row-style": theme.style.cursor,
        "head": colors.head or colors.muted,
    }
    return values


def as_textual(name: str, theme: ThemeFile) -> "Theme":
    """The theme as Textual wants it."""
    from textual.theme import Theme

    colors = theme.colors
    back, fore = ("ansi_black", "ansi_white") if theme.dark else ("ansi_white", "ansi_black")
    keyed: dict[str, Any] = variables(theme) | {
        "scrollbar": colors.muted,
        "scrollbar-hover": colors.accent,
        "scrollbar-active": colors.accent,
        "scrollbar-background": colors.background,
        "scrollbar-background-hover": colors.background,
        "scrollbar-background-active": colors.background,
        "scrollbar-corner-color": colors.background,
        "border": colors.accent,
        "border-blurred": colors.muted,
    }
    if theme.ansi:
        # Textual's own widgets ask for these; its ansi themes have them, its generator has not.
        keyed |= {"ansi-background": back, "ansi-foreground": fore}
    return Theme(
        name=name,
        primary=colors.primary,
        secondary=colors.primary,
        accent=colors.accent,
        foreground=colors.foreground,
        background=colors.background,
        surface=colors.surface,
        panel=colors.panel,
        success=theme.status.ok,
        error=theme.status.failed,
        warning=theme.status.unknown,
        dark=theme.dark,
        ansi=theme.ansi,
        variables=keyed,
    )


def main() -> None:
    """Check the themes that come with siptui and those in the folder named."""
    themes = load_themes(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    lines = [*themes.files, *themes.faults]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
