"""Patches of QEMU."""
