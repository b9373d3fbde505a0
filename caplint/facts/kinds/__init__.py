"""Extractors, one file for each kind of fact."""
