"""What was read differently from how it was written, counted for notes."""

from collections.abc import Sequence

from msgspec import Struct, field

_LINES = 10  # lines that a note names


class Changes(Struct):
    """What was read differently from how it was written: how often, and the first example."""

    found: dict[str, tuple[int, int, str, str]] = field(default_factory=dict)

    def add(self, what: str, line: int, before: str, after: str = "") -> None:
        """One more of `what`: on `line`, `before` became `after`. Lines come in order."""
        count, at, was, became = self.found.get(what, (0, line, before, after))
        self.found[what] = (count + 1, at, was, became)

    def notes(self, word: str = "line") -> tuple[str, ...]:
        """A sentence for each kind of change; `word` is what the source counts, lines or rows."""
        return tuple(
            f"{what} on {count} {'row' if count == 1 else 'rows'} ({word} {line}: "
            + (f"{before} → {after})" if after else f"{before})")
            for what, (count, line, before, after) in sorted(self.found.items())
        )


def lines_of(lines: Sequence[int], word: str = "line") -> str:
    """“line 3”, “rows 3, 7”; of many the first."""
    shown = ", ".join(map(str, lines[:_LINES]))
    more = f" and {len(lines) - _LINES} more" if len(lines) > _LINES else ""
    return f"{word}{'s' if len(lines) > 1 else ''} {shown}{more}"
