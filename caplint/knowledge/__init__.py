"""KVM and the programs that use it, as data."""
