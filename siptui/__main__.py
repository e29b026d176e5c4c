"""`python -m siptui` is `siptui`."""

from siptui.cli import main

main()
