"""What is seen on Windows, or under Wine where there is none: `python -m tests.windows`."""
