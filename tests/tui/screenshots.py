"""Pictures of one walk through the console, each at every size, held to those kept beside the
tests. A console is opened once for many pictures: opening it costs more than looking at it."""

from collections.abc import Sequence
from pathlib import Path

from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion

from screenshots import svg
from screenshots.capture import screen_cells
from tests.tui.harness import SIZES, ConsoleHarness


class _ByName(SVGImageExtension):
    """`__snapshots__/pictures/NAME.svg`, whichever walk passes by."""

    @classmethod
    def get_snapshot_name(cls, *, test_location: object, index: object = 0) -> str:
        return str(index)

    @classmethod
    def dirname(cls, *, test_location: object) -> str:
        return str(Path(__file__).with_name("__snapshots__") / "pictures")


class Screenshots:
    """Takes screenshots and compares each with the one in the repository.

    `wrong` names those that differ; as they are now they lie in `folder`.
    """

    def __init__(self, snapshot: SnapshotAssertion, folder: Path) -> None:
        self._kept = snapshot.use_extension(_ByName)
        self._folder = folder
        self._sizes = list(SIZES)
        self.wrong: list[str] = []

    async def take(
        self, harness: ConsoleHarness, name: str, *, sizes: Sequence[tuple[int, int]] = ()
    ) -> None:
        """The screen as it is, at each size; the last one stays."""
        for width, height in sizes or self._sizes:
            if harness.app.size != (width, height):
                await harness.pilot.resize_terminal(width, height)
                await harness.settle()
            self.keep(harness, f"{name}-{width}x{height}")
        self._sizes.reverse()  # so that the next one begins where this one ends

    def keep(self, harness: ConsoleHarness, name: str) -> None:
        """The screen as it is."""
        picture = svg.still(screen_cells(harness.app))
        if self._kept(name=name) != picture:
            (self._folder / f"{name}.svg").write_text(picture, encoding="utf-8")
            self.wrong.append(name)
