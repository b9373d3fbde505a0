"""caplint: a consistency linter for KVM capability definitions."""

__version__ = "0.1.0"
HOME = "https://github.com/caplint/caplint"
"""The repository; releases are made from it alone (tools/release.py), and documents name it."""
