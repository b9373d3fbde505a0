"""A fleet: every kernel against every VMM, pair by pair."""
