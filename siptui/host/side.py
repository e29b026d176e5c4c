"""Which side of this package is not for this system and cannot be imported here."""

import sys

OTHER_SIDE = f"siptui.host.{'posix' if sys.platform == 'win32' else 'windows'}."
