"""Device lists: reading any form people hold, and writing lists and results.

Each name is imported when it is first asked for: the process that reads workbooks lives in this
room too, and starts in half the time without them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siptui.devicelist.model import (
        ColumnRead,
        DeviceList,
        Fault,
        InvalidRow,
        ListError,
        Option,
        Question,
        UndecidedError,
    )
    from siptui.devicelist.reading import read
    from siptui.devicelist.writing import (
        ResultRow,
        WriteError,
        csv_text,
        json_text,
        write_csv,
        write_json,
    )
else:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        room = "reading" if name == "read" else "writing" if name in _WRITING else "model"
        globals()[name] = found = getattr(import_module(f"{__name__}.{room}"), name)
        return found


_WRITING = ("ResultRow", "WriteError", "csv_text", "json_text", "write_csv", "write_json")
__all__ = [
    "ColumnRead",
    "DeviceList",
    "Fault",
    "InvalidRow",
    "ListError",
    "Option",
    "Question",
    "ResultRow",
    "UndecidedError",
    "WriteError",
    "csv_text",
    "json_text",
    "read",
    "write_csv",
    "write_json",
]
