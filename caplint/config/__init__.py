"""The configuration: its keys, its files, and which of them are trusted."""
