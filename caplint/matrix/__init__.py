"""Checks of a fleet: every kernel with every VMM, pair by pair."""
