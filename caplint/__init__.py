"""caplint: a consistency linter for KVM capability definitions."""

__version__ = "0.1.0"
