"""Mutation testing of the modules that decide what is sent: `python -m tests.mutation`."""
