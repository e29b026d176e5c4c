"""What this host has of one tenant: the journals of its profiles, and the lock between them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from siptui.host.locks import HeldError, file_lock
from siptui.host.private_files import private_folder

#: Seconds to wait for another process that is about to submit: it reads journals and starts a
#: worker, which may take half a minute on a busy host.
PATIENCE = 90.0
#: The file, in the folder of all profiles, whose lock is held while a process looks and decides.
LOCK = ".submitting.lock"


class HostTenant(Struct, frozen=True):
    """`tenant` on this host. `folder` holds a folder for each profile, each with a journal of the
    name that `journal`, the one in use, has. `turns` is a folder of locks that all siptui of this
    user on the host share, other folders of state included, if there is one; `patience` is how many
    seconds another process that is about to submit is waited for."""

    tenant: str
    folder: Path
    journal: Path
    turns: Path | None = None
    patience: float = PATIENCE

    @classmethod
    def alone(cls, journal: Path, tenant: str) -> "HostTenant":
        """Where `journal` is the only one, as in the demo."""
        return cls(tenant, journal.parent, journal)

    @property
    def beside(self) -> Sequence[Path]:
        """The journals of other profiles, those no longer in the configuration included."""
        found = self.folder.glob(f"*/{self.journal.name}")
        return sorted(path for path in found if path != self.journal)

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """While the block runs, no other process of this host decides what goes out in the tenant.

        A later process waits, and then sees what the first one intends. Raises `HeldError`
        when that takes too long. One lock serves all tenants: a profile may name a tenant by its
        id, another by its domain.
        """
        path = private_folder(self.folder) / LOCK
        try:
            lock = file_lock(path, wait=self.patience)
        except HeldError as error:
            raise HeldError(
                path,
                error.holder,
                remedy=f"Another siptui has been about to submit in {self.tenant} for "
                f"{self.patience:.0f} seconds. Nothing was submitted by this one. Look at it with "
                "“siptui runs”, or end that process.",
            ) from None
        with lock:
            yield
