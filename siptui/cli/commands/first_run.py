"""What `siptui` does where there is no profile: offers to make one, or the demo."""

import re
from typing import TYPE_CHECKING

from siptui.domain.guid import is_guid
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.settings.folders import RESERVED
from siptui.settings.load import Settings, load
from siptui.settings.write import add_profile

if TYPE_CHECKING:
    from siptui.tui.first_run import First


def first_run(theme: str | None, *, mouse: bool) -> "First | None":
    """Ask on the screen; `profile` when one was made. Raises `UsageError` without a terminal."""
    from siptui.tui.run_console import check_terminal, prepare_environment
    from siptui.tui.themes import DEFAULT, known_theme

    settings = load()
    prepare_environment()
    by = "--theme" if theme else f"theme in {visible(str(settings.folders.config_file))}"
    wanted = known_theme(theme or settings.theme or DEFAULT, settings.folders.themes, said_by=by)
    check_terminal()
    from siptui.tui.first_run import FirstRun

    def make(tenant: str, cloud: str, region: Region | None) -> None:
        name = profile_name(tenant)
        add_profile(settings.folders, name, tenant, cloud=cloud, region=region)

    app = FirstRun(
        _clouds(settings),
        settings.folders.config_file,
        make,
        theme=wanted,
        themes_folder=settings.folders.themes,
    )
    answer = app.run_to_end(mouse=mouse and settings.mouse)
    if app.left_by is not None:
        raise SystemExit(128 + app.left_by)
    return answer


def _clouds(settings: Settings) -> dict[str, str]:
    return {
        name: cloud.note or ("almost all tenants" if name == "public" else "")
        for name, cloud in settings.clouds.items()
    }


def profile_name(tenant: str) -> str:
    """`contoso` for `contoso.com`; an id says nothing to people, so it is `default`."""
    label = tenant.split(".")[0].casefold()
    good = not is_guid(tenant) and re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", label)
    return label if good and label not in RESERVED else "default"
