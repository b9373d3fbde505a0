"""Runs what the commands ask for: sessions, rules, comparisons."""
