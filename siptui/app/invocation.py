"""How a command was called: what every command that meets the service is told alike."""

from msgspec import Struct

from siptui.app.recording_file import RecordingFile


class Invocation(Struct, frozen=True):
    """The common options of a command. `profile` and `log_level` are None where they were not
    given: environment and configuration decide then. `record` is the file of `--record`."""

    profile: str | None = None
    no_input: bool = False
    log_level: str | None = None
    record: RecordingFile | None = None
    as_json: bool = False


NOTHING_GIVEN = Invocation()
