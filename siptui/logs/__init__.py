"""What siptui writes down about itself: the log, pseudonyms for what others may see."""

from siptui.logs.pseudonyms import Pseudonyms
from siptui.logs.secrets import without_secrets
from siptui.logs.start import start

__all__ = ["Pseudonyms", "start", "without_secrets"]
