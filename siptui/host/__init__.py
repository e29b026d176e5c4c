"""What differs between operating systems: locks, private files, processes, signals, mounts.

One module for each concern; behind it a side in `posix` and one in `windows`, chosen when the
module is imported. Nothing outside this package asks which system it runs on, and both sides are
held to one set of tests (`tests/host/contract`).

Windows is asked through `ctypes`: what is needed are some thirty calls of kernel32 and advapi32,
and one method of the WMI service.
pywin32 (9 MB, no types) and psutil would each bring more than they replace, and neither knows jobs,
locks that can be looked at without being taken, and ACLs in one.
"""
