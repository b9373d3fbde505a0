"""Documentation, comments of the UAPI header, and self-tests."""
