"""Inventory: every capability with all places that mention it."""
