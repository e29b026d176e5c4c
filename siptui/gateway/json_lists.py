"""What a list in an answer held, and what of it could not be had."""

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")
#: Texts kept about one answer: the first few tell what is wrong with all.
_MOST_TEXTS = 20


class Listed(tuple[T, ...]):
    """The entries that could be read, a tuple like any other.

    `lost` counts entries that could not be read at all, `more` says why further ones may exist
    (nothing where the list is known to end), `guessed` whether its length is the only reason,
    `odd` are texts about what could not be read as it should: whole entries and single fields. A
    conclusion from what is *not* listed must look at `whole` first.
    """

    lost: int
    more: str
    odd: tuple[str, ...]
    guessed: bool

    def __new__(
        cls,
        entries: Iterable[T] = (),
        *,
        lost: int = 0,
        more: str = "",
        odd: Iterable[str] = (),
        guessed: bool = False,
    ) -> "Listed[T]":
        """A list of `entries`."""
        made = super().__new__(cls, tuple(entries))
        made.lost, made.more, made.guessed = lost, more, guessed and bool(more)
        made.odd = tuple(dict.fromkeys(odd))[:_MOST_TEXTS]
        return made

    @property
    def whole(self) -> bool:
        """Whether nothing is known to be missing."""
        return not self.lost and not self.more

    @property
    def gap(self) -> str:
        """What is known to be missing, for people; nothing where the list is whole."""
        lost = f"{self.lost} of its entries cannot be read" if self.lost else ""
        return "; ".join(part for part in (lost, self.more) if part)


def gap_of(entries: Iterable[object]) -> str:
    """`Listed.gap`; nothing for entries of any other kind, which are taken for all there are."""
    return entries.gap if isinstance(entries, Listed) else ""
