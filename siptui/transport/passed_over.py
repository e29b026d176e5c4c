"""What the HTTP library looks for and can do without."""

import sys
from importlib.util import find_spec


def pass_over() -> None:
    """Have Python take modules for missing that no request needs, before the library is loaded.

    httpx loads its own command line with rich and Pygments where these are installed, which takes
    as long as all the rest of it. sniffio names the event loop, httpcore looks for it several times
    a request: where it is missing, each look searches every folder of Python's path.
    """
    _missing("httpx._main")
    if "sniffio" not in sys.modules and find_spec("sniffio") is None:
        _missing("sniffio")


def _missing(name: str) -> None:
    sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # how Python notes it
