"""Fixes of findings: fixers, which a rule page names, and what becomes of the files."""
