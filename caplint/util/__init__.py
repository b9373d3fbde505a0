"""General helpers, independent of C and KVM."""
