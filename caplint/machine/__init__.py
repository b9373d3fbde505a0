"""Queries of a running machine: capabilities of its /dev/kvm, and model-specific registers."""
