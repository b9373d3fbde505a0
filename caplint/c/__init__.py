"""The tolerant C front end: exact lexing, presence conditions, repair, variants. It knows no KVM."""

MAX_BYTES = 16 << 20
"""Of a file that is read. No source file that a person maintains comes near it, and a larger one is not even loaded."""
