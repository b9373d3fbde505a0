"""Command line: one small module per command, each with `add` (its options) and `run` (its exit code)."""
