"""Inventory in every format, one module per format."""
