"""Device lists: reading any form people hold, and writing lists and results."""

from siptui.devicelist.model import DeviceList, Fault, InvalidRow, ListError
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
    "DeviceList",
    "Fault",
    "InvalidRow",
    "ListError",
    "ResultRow",
    "WriteError",
    "csv_text",
    "json_text",
    "read",
    "write_csv",
    "write_json",
]
