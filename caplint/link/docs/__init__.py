"""Documentation, comments of the UAPI header, and selftests."""
