"""What an operator wants otherwise when a run goes on or is tried again."""

from dataclasses import dataclass

from msgspec.structs import replace

from siptui.runs.events import Event, Options
from siptui.runs.orders import cut_again
from siptui.runs.state import RunState


@dataclass(frozen=True, slots=True)
class Changed:
    """Options of the run that are to change; those that are none stay.

    `first` is how many devices are tried before the others this time; it is no option of the run.
    `personal` are further accounts that may be personal and were named.
    """

    batch_size: int | None = None
    slots: int | None = None
    first: int | None = None
    max_failures: float | None = None
    personal: tuple[str, ...] = ()

    @property
    def cuts(self) -> bool:
        """Whether what is queued must be put into other batches."""
        return bool(self.batch_size or self.first)

    def apply(self, options: Options) -> Options:
        """`options` with the changes that last."""
        return replace(
            options,
            slots=self.slots or options.slots,
            max_failures=options.max_failures if self.max_failures is None else self.max_failures,
            personal=list(dict.fromkeys([*options.personal, *self.personal])),
        )

    def cut(self, state: RunState) -> list[Event]:
        """What is queued in other batches."""
        size = self.batch_size or (state.plan.options.batch_size if state.plan else 100)
        return cut_again(state, size=size, first=self.first or 0)


UNCHANGED = Changed()
