"""The columns of a results file, as it is written and as it is known again when read."""

#: What a list needs; with these in front a results file is a device list.
LIST = ("Username", "HardwareId", "Region")
#: What a run adds. In this order behind `LIST` they mark a file that siptui wrote.
BLOCK = ("Line", "State", "Error", "Cause", "Remedy", "BatchId", "Attempt")
