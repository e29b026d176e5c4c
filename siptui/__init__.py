"""siptui signs SIP phones in to Microsoft Teams SIP Gateway, hundreds at a time."""

__version__ = "0.1.0"
