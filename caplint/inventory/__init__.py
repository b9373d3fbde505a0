"""The inventory: every capability with all places that speak of it."""
