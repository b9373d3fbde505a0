"""A VMM's checks and enable requests."""
