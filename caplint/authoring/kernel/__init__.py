"""Patches of a kernel."""
