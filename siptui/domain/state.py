"""The words for where a device or a batch stands. Stable: scripts read them."""

from enum import StrEnum


class DeviceState(StrEnum):
    """Where a device stands, as `--json`, the journal and the export say it."""

    INVALID = "invalid"
    QUEUED = "queued"
    SUBMITTING = "submitting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


class BatchState(StrEnum):
    """Where a batch stands in its run."""

    QUEUED = "queued"
    SUBMITTING = "submitting"  # the intent is written down; the request may be on its way
    RUNNING = "running"  # accepted: the service gave it an id
    IN_DOUBT = "in_doubt"  # the answer was lost; being looked for
    UNSETTLED = "unsettled"  # looked for in vain, or found twice: the operator decides
    REJECTED = "rejected"  # refused by the service as a whole
    FINISHED = "finished"  # every device has its outcome
    GIVEN_UP = "given_up"  # it never ended: the operator gave it up; the service may go on with it
    ABANDONED = "abandoned"  # replaced by another batch as the operator ordered


#: Symbol beside the word, so that a status never shows by colour alone.
SYMBOLS: dict[DeviceState, str] = {
    DeviceState.INVALID: "!",
    DeviceState.QUEUED: "◌",
    DeviceState.SUBMITTING: "…",
    DeviceState.RUNNING: "…",
    DeviceState.SUCCEEDED: "✓",
    DeviceState.FAILED: "✗",
    DeviceState.UNKNOWN: "?",
}

#: The words people read on the screen.
WORDS: dict[DeviceState, str] = {
    DeviceState.INVALID: "invalid",
    DeviceState.QUEUED: "queued",
    DeviceState.SUBMITTING: "submitting",
    DeviceState.RUNNING: "running",
    DeviceState.SUCCEEDED: "signed in",
    DeviceState.FAILED: "failed",
    DeviceState.UNKNOWN: "unknown",
}
