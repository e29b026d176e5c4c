"""What a system sends to the programs of a terminal that is closed, or to one that is to end."""

import os
import signal
import sys
import threading

#: Ctrl-Break and the close of a window, as the handlers of a console are told.
_EVENTS = {"end": 1, "close": 2}


def send(what: str) -> None:
    """Send this process `end` or `close`, from a thread as Windows does."""
    if sys.platform != "win32":
        os.kill(os.getpid(), signal.SIGTERM if what == "end" else signal.SIGHUP)
        return
    from siptui.host.windows import signals

    for handler in reversed(signals._handlers):
        threading.Thread(target=handler, args=(_EVENTS[what],), daemon=True).start()
        return
    os._exit(0x3A)  # as when nobody handles it
