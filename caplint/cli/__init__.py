"""The command line: one small file per command, each with `add` (its options) and `run` (its exit code)."""
