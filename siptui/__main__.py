"""`python -m siptui` is `siptui`."""

from siptui.start import main

main()
