"""The device list of the demo tenant, Contoso Ltd. Its numbers are those set aside for fiction."""

from importlib import resources

#: The scenario that knows these phones.
DEMO_SCENARIO = "demo"
#: What the list is called where a file name is wanted.
DEMO_FILE = "contoso-phones.csv"


def demo_list() -> bytes:
    """A device list as a file holds it: UTF-8, with regions and further columns, sixty devices."""
    return (resources.files("siptui.emulator") / "demo.csv").read_bytes()
