"""What a test has Python read when it starts."""

#: So begins a `sitecustomize.py` that does its work as well after all has been imported.
AFTER_IMPORTS = "# Read when Python starts, or after a fork.\n"
