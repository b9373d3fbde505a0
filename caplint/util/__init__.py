"""Tools that know nothing of C or KVM."""
