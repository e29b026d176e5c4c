"""What is told of every exchange with a service: the log, and the recording if there is one."""

import contextlib
from collections.abc import Iterator

from siptui.app.recording_file import RecordingFile
from siptui.transport import Watcher
from siptui.transport.exchange_log import log_exchange


@contextlib.contextmanager
def watching(record: RecordingFile | None) -> Iterator[tuple[Watcher, ...]]:
    """The watchers of a session; the recording is closed at the end."""
    if record is None:
        yield (log_exchange,)
        return
    with record.recorder() as recorder:
        yield (log_exchange, recorder)
