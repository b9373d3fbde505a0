"""Coverage ledger: how much of the sources is understood."""
