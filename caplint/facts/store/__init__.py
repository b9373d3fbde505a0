"""The store of facts: its tables, its records, its file."""
