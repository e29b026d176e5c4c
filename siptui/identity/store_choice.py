"""Which store to use: the keyring where it works, else a file that the system encrypts, else what
the operator says, asked once."""

from collections.abc import Callable
from pathlib import Path

from siptui.host import protection
from siptui.identity.errors import (
    KeyringUnavailableError,
    NoProtectionError,
    StoreUndecidedError,
)
from siptui.identity.keyring import LIMIT
from siptui.identity.store import FileStore, MemoryStore, StoreKind, TokenStore, existing_store

#: Told why there is no keyring; says what to do instead.
Ask = Callable[[str], StoreKind]


def choose_store(
    folder: Path,
    wanted: StoreKind | None,
    ask: Ask | None,
    *,
    keyring_limit: float = LIMIT,
) -> TokenStore:
    """The store for a new sign-in, proved to work before a sign-in.

    `wanted` is the operator's choice; without it the keyring is tried, and if it does not work, a
    file where the system encrypts it. Else `ask` decides, unless a file is there already: then it
    was decided before. Blocks up to some seconds. Raises `KeyringUnavailableError` when the keyring
    was asked for by name, `StoreUndecidedError` where no operator can be asked, `PrivateFileError`
    for an unusable folder.
    """
    if wanted is not None:
        return _store(folder, wanted, keyring_limit, may_be_plain=True)
    found = existing_store(folder, keyring_limit=keyring_limit)
    kinds = [StoreKind.KEYRING, *([StoreKind.FILE] if protection.PROTECTED_BY else [])]
    if found and found.kind is StoreKind.FILE:
        kinds = [StoreKind.FILE, StoreKind.KEYRING]
    why = []
    for kind in kinds:
        try:
            return _store(folder, kind, keyring_limit)
        except (KeyringUnavailableError, NoProtectionError) as error:
            why.append(error.message)
    if ask is None:
        raise StoreUndecidedError(
            f"{' '.join(why)} Tokens are not written to a plain file unasked.",
            remedy="Say where to keep them: `--store file` (readable by this user alone) or "
            "`--store memory` (for this process alone).",
        )
    return _store(folder, ask(" ".join(why)), keyring_limit, may_be_plain=True)


def _store(
    folder: Path, kind: StoreKind, keyring_limit: float, *, may_be_plain: bool = False
) -> TokenStore:
    if kind is StoreKind.MEMORY:
        return MemoryStore()
    store = FileStore(folder, kind, keyring_limit=keyring_limit, may_be_plain=may_be_plain)
    store.prepare()
    return store
