"""The support bundle: what helps to find a fault, with nobody in it."""

import contextlib
import io
import json
import socket
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from siptui.commands.session import Selected
from siptui.commands.tenant_name import kept_name
from siptui.domain.errors import SiptuiError, UsageError
from siptui.domain.text import visible
from siptui.logs.pseudonyms import Pseudonyms
from siptui.logs.secrets import without_secrets
from siptui.posix import user_name, write_private
from siptui.settings.folders import Folders
from siptui.settings.load import load

_MAX_LOG = 4_000_000


def write_bundle(path: Path, info: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> None:
    """A ZIP file at `path` with `info`, the doctor's `steps`, the configuration and the logs.

    User names, hardware ids, phone numbers, ids, addresses and the names of tenants, profiles,
    the user and this computer are replaced by stand-ins; tokens are not in any of it. Readable by
    this user alone. Raises `UsageError` when `path` is there already or cannot be written.
    """
    if path.exists() or path.is_symlink():
        raise UsageError(
            f"{path} is there already.", remedy="Give --bundle the name of a new file."
        )
    scrub = _Scrub()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("info.json", json.dumps(scrub.values(info), indent=2))
        bundle.writestr("doctor.json", json.dumps(scrub.values(steps), indent=2))
        for name, text in _files(scrub.folders):
            bundle.writestr(name, scrub(text))
    try:
        write_private(path, packed.getvalue())
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


class _Scrub:
    """Makes text fit for others."""

    def __init__(self) -> None:
        self._stand_ins = Pseudonyms()
        names: set[str] = {user_name(), socket.gethostname(), socket.getfqdn()}
        try:
            settings = load()
        except SiptuiError:  # a configuration that cannot be read is what the bundle is for
            from siptui.settings.folders import folders

            self.folders = folders()
        else:
            self.folders = settings.folders
            for profile in settings.profiles.values():
                kept = kept_name(Selected(settings, profile, {}))
                names |= {profile.name, profile.tenant, kept}
        # The longest first, so that no name is cut up by one that is part of it.
        names -= {"localhost", "localhost.localdomain", "root"}
        self._names = sorted((n for n in names if len(n) > 2), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        text = without_secrets(text)
        with contextlib.suppress(RuntimeError):  # there may be no home folder
            text = text.replace(str(Path.home()), "~")
        text = self._stand_ins.scrub(text)
        for name in self._names:
            text = text.replace(name, self._stand_ins.word(name.casefold()))
        return text

    def values(self, found: Any) -> Any:
        """`found` with every text in it made fit; names of fields stay."""
        if isinstance(found, Mapping):
            return {key: self.values(value) for key, value in found.items()}
        if isinstance(found, list | tuple):
            return [self.values(value) for value in found]
        return self(found) if isinstance(found, str) else found


def _files(folders: Folders) -> Iterable[tuple[str, str]]:
    """Name and text of the configuration and of what lies in the log folder."""
    places = [("config.toml", folders.config_file)]
    if folders.logs.is_dir():
        places += [
            (f"logs/{path.name}", path)
            for path in sorted(folders.logs.iterdir())
            if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
        ]
    for name, path in places:
        try:
            with path.open("rb") as file:
                data = file.read(_MAX_LOG)
        except OSError:
            continue
        lines = data.decode("utf-8", "replace").split("\n")
        yield visible(name), "\n".join(visible(line) for line in lines)
