"""Engine: runs rules over trees, comparisons and baselines."""
