"""Presence conditions of files and Kconfig symbols."""
