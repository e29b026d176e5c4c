"""Runs with real processes under faults of all kinds: `python -m tests.campaign`."""
