"""`python -m siptui` is `siptui`."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # The current folder, or this one: before any further import, since what lies there is not ours.
    del sys.path[0]

from siptui.cli.main import main

if __name__ == "__main__":
    main()
