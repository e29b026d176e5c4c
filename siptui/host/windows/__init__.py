"""What Windows does."""
