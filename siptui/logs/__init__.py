"""The log file, secrets removed from texts, and pseudonyms in recordings."""
