"""What the operating system refuses, as errors of ours."""

from siptui.domain.errors import SiptuiError

#: Why the system's open would do, and siptui does not read or write what is there.
NO_PLAIN_FILE = "it is not a plain file"


class PrivateFileError(SiptuiError):
    """A file or folder that must be the user's alone is not."""

    title = "Not private"
    code = "not_private"


class OpenFilesError(SiptuiError):
    """The limit of open files is too low to work with."""

    title = "Too few open files allowed"
    code = "open_files"


class ProtectionError(Exception):
    """The system did not encrypt or decrypt; the text says why, as the end of a sentence."""


class InUseError(SiptuiError):
    """Another program keeps a file to itself; nothing is wrong with the file."""

    title = "In use by another program"
    code = "in_use"
