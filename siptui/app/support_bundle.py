"""The support bundle: what helps to find a fault, without names of people or tenants."""

import contextlib
import io
import json
import re
import socket
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.request import getproxies

from siptui.app.session import Selected
from siptui.app.support_bundle_config import shown_config, texts_of
from siptui.app.tenant_name import kept_name
from siptui.devicelist.writing import WriteError, write_new
from siptui.domain.errors import SiptuiError, UsageError
from siptui.domain.text import visible
from siptui.host.files import read_plain
from siptui.host.user import user_name
from siptui.logs.pseudonyms import Pseudonyms, is_common_host
from siptui.logs.secrets import without_secrets
from siptui.settings.folders import Folders, folders
from siptui.settings.load import load
from siptui.settings.model import BUILT_IN_CLOUDS

#: The host in an address, wherever one stands.
_HOST = re.compile(r"//(?:[^\s/@\"'<>]*@)?([\w.-]+)")
_MAX_LOG = 4_000_000


def write_bundle(path: Path, info: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> None:
    """A ZIP file at `path` with `info`, the doctor's `steps`, the configuration and the logs.

    User names, hardware ids, phone numbers, ids, addresses and the names of tenants, profiles,
    the user and this computer are replaced by stand-ins; tokens are not in any of it. Readable by
    this user alone. Raises `UsageError` when `path` is there already or cannot be written.
    """
    scrub = _Scrub()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("info.json", json.dumps(scrub.values(info), indent=2))
        bundle.writestr("doctor.json", json.dumps(scrub.values(steps), indent=2))
        if scrub.config:
            bundle.writestr("config.toml", shown_config(scrub.config, scrub, scrub.stand_ins.word))
        for name, text in _logs(scrub.folders):
            bundle.writestr(name, "\n".join(scrub.line(line) for line in text.split("\n")))
    try:
        write_new(path, packed.getvalue())
    except WriteError as error:
        remedy = "Give --bundle the name of a new file." if error.code == "exists" else error.remedy
        raise UsageError(error.message, remedy=remedy) from error


class _Scrub:
    """Makes text fit for others, as recordings are made."""

    def __init__(self) -> None:
        names: set[str] = {user_name(), socket.gethostname(), socket.getfqdn()}
        self.config = ""
        try:
            settings = load()
        except SiptuiError:  # a configuration that cannot be read is what the bundle is for
            self.folders = folders()
        else:
            self.folders = settings.folders
            for profile in settings.profiles.values():
                kept = kept_name(Selected(settings, profile, {}))
                names |= {profile.name, profile.tenant, kept}
        with contextlib.suppress(OSError):
            self.config = _start_of(self.folders.config_file)
        # Not of the settings alone: a configuration that cannot be used names its owners as well.
        names |= {*texts_of(self.config), *_HOST.findall(self.config)}
        for kind, proxy in getproxies().items():
            if kind != "no":
                names |= set(_HOST.findall(proxy if "//" in proxy else f"//{proxy}"))
        names -= {"localhost", "localhost.localdomain", "root", *BUILT_IN_CLOUDS}
        self.stand_ins = Pseudonyms(names=(name for name in names if not is_common_host(name)))
        with contextlib.suppress(RuntimeError):  # there may be no home folder
            home = str(Path.home())
            self._home = re.compile(rf"{re.escape(home)}(?!\w)") if len(home) > 1 else None

    _home: re.Pattern[str] | None = None

    def __call__(self, text: str) -> str:
        text = without_secrets(text)
        if self._home is not None:
            text = self._home.sub("~", text)
        return self.stand_ins.scrub(text)

    def values(self, found: Any) -> Any:
        """`found` with every text in it made fit; names of fields stay."""
        if isinstance(found, Mapping):
            return {key: self.values(value) for key, value in found.items()}
        if isinstance(found, list | tuple):
            return [self.values(value) for value in found]
        return self(found) if isinstance(found, str) else found

    def line(self, line: str) -> str:
        """A line of a log, whose fields keep their names."""
        with contextlib.suppress(ValueError, RecursionError):
            if isinstance(found := json.loads(line), dict):
                return json.dumps(self.values(found), ensure_ascii=False)
        return visible(self(line))


def _start_of(path: Path) -> str:
    return read_plain(path, _MAX_LOG).decode("utf-8-sig", "replace")


def _logs(folders: Folders) -> Iterable[tuple[str, str]]:
    """Name and text of what lies in the log folder."""
    if not folders.logs.is_dir():
        return
    for path in sorted(folders.logs.iterdir()):
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            with contextlib.suppress(OSError):
                yield f"logs/{visible(path.name)}", _start_of(path)
