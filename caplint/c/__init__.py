"""The tolerant C front end: exact lexing, presence conditions, repair, variants. It has no knowledge of KVM."""

MAX_BYTES = 16 << 20
"""Largest file that is read, in bytes; hand-written source files are far smaller. Larger ones are not even loaded."""
