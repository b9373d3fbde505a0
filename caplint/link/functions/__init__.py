"""Function bodies, calls, and uses of members."""
