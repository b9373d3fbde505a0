"""Exit codes of all commands."""

CLEAN, FOUND, WRONG, UNCOVERED, INTERRUPTED = 0, 1, 2, 3, 130
MEANINGS = {
    CLEAN: "clean",
    FOUND: "findings",
    WRONG: "wrong use or unreadable input",
    UNCOVERED: "coverage too low",
    INTERRUPTED: "interrupted",
}
"""Exit code → its meaning in a few words, for `--help` and the reference."""
