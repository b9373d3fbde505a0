"""Base of all links: loaded trees, snapshot, memo of results, values as columns."""
