"""Device lists: reading any form people hold, and writing lists and results."""

from siptui.devicelist.model import DeviceList, Fault, InvalidRow, ListError
from siptui.devicelist.reading import read

__all__ = ["DeviceList", "Fault", "InvalidRow", "ListError", "read"]
