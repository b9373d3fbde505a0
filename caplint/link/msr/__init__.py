"""Model-specific registers (MSRs)."""
