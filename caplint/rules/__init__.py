"""Rule pages and their queries."""
