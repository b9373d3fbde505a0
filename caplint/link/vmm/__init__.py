"""A VMM's capability checks and enable requests."""
