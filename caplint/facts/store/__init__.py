"""Fact store: its tables, its records, its file."""
