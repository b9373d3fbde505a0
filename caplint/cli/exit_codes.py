"""Exit codes of all commands."""

CLEAN, FOUND, WRONG, UNCOVERED, INTERRUPTED = 0, 1, 2, 3, 130
