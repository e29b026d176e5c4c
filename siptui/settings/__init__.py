"""Settings: profiles, clouds, folders, and which of flag, environment and file wins."""
