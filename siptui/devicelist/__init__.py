"""Device lists: reading any form people hold, and writing lists and results."""

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
