"""Presence conditions: of files, and of Kconfig symbols."""
