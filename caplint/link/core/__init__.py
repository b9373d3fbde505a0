"""Ground of all links: the loaded trees, and a memory of results."""
