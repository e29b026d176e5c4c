"""The columns of results, as they are written and as they are known again when read."""

#: What a list needs; with these in front a results file is a device list.
LIST = ("Username", "HardwareId", "Region")
#: What a run adds. In this order behind `LIST` they mark a file that siptui wrote.
BLOCK = ("Line", "State", "Error", "Cause", "Remedy", "BatchId", "Attempt")
#: What a run adds to a copy of the list it was made from. In this order they mark such a copy.
STATUS = ("Status", "Cause", "What to do", "Batch", "Finished")
