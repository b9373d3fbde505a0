"""Findings and their identity."""
