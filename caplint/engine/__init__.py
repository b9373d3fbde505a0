"""Runs: rules over linked trees, comparisons, baselines and remembered outcomes."""
