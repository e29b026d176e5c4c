"""The pictures of the documentation, and how they are taken: `python -m screenshots`."""
