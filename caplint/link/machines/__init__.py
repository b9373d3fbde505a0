"""Answers of running machines, compared with the sources."""
