"""The inventory in every format: each is one module."""
