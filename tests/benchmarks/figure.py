"""One measured figure, beside what it is compared with, and the table of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of the table: `value` for people, beside what, and whether the aim was reached.

    `reach` is the aim in words; `reached` None where there is none to be met.
    """

    name: str
    value: str
    beside: str = ""
    ratio: float | None = None
    reach: str = ""
    reached: bool | None = None


#: A module of this folder has one of these: it measures, and yields each figure as it has it.
Figures = Callable[[], Iterator[Figure]]


def ratio(name: str, value: str, beside: str, ratio: float, at_most: float) -> Figure:
    """A figure whose aim is a ratio to what it stands beside."""
    return Figure(name, value, beside, ratio, f"≤ {at_most:g} ×", ratio <= at_most)


def limit(name: str, value: float, unit: str, at_most: float, beside: str = "") -> Figure:
    """A figure whose aim is a plain limit."""
    shown = f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
    return Figure(name, f"{shown} {unit}", beside, None, f"≤ {at_most:,g} {unit}", value <= at_most)


def line(figure: Figure) -> str:
    """The figure as a row of a Markdown table."""
    times = "" if figure.ratio is None else f"{figure.ratio:.2f} ×"
    reached = {True: "yes", False: "**no**", None: ""}[figure.reached]
    cells = (figure.name, figure.value, figure.beside, times, figure.reach, reached)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


HEAD = (
    "| figure | measured | side by side with | ratio | reach | reached |\n"
    "| --- | --- | --- | --- | --- | --- |"
)


def table(figures: Sequence[Figure]) -> str:
    """All of them."""
    return "\n".join((HEAD, *map(line, figures)))
