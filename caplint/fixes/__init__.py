"""Fixes of findings: fixers, which a rule page names, and edits of the files."""
