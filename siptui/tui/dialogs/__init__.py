"""Dialogs: one question each, answered by the keyboard alone, left with Escape."""
