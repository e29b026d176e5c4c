"""What POSIX systems do."""
