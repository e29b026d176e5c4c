"""The licences of everything the wheel brings along, as a table; fails on one not looked at yet.

Run by the Python of an environment that holds siptui and what it needs, and nothing else.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions

#: Licences that leave users of an MIT program free to use, change and pass it on.
FINE = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla Public License|Unlicense|0BSD",
    re.IGNORECASE,
)
#: What stands in every environment and is no part of what is installed.
TOOLS = frozenset({"pip", "setuptools", "wheel"})


def licence(package: Distribution) -> str:
    """What the package says of its licence: the SPDX expression, classifiers, or the old field."""
    told = package.metadata
    if expression := told.get("License-Expression"):
        return str(expression)
    classes = [
        text.rpartition(" :: ")[2]
        for text in told.get_all("Classifier") or ()
        if text.startswith("License ::") and not text.endswith("OSI Approved")
    ]
    return ", ".join(classes) or str(told.get("License") or "").split("\n")[0] or "not told"


def rows() -> Iterator[tuple[str, str, str]]:
    """Name, version and licence of each."""
    for package in sorted(distributions(), key=lambda found: found.metadata["Name"].casefold()):
        name = package.metadata["Name"]
        if name.casefold() not in TOOLS:
            yield name, package.version, licence(package)


def main() -> int:
    """Print the table."""
    odd = []
    for name, version, words in rows():
        sys.stdout.write(f"{name:24} {version:12} {words}\n")
        if not FINE.search(words):
            odd.append(f"{name}: {words}")
    for line in odd:
        sys.stderr.write(f"look at this licence: {line}\n")
    return int(bool(odd))


if __name__ == "__main__":
    sys.exit(main())
