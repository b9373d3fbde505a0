"""Model-specific registers."""
