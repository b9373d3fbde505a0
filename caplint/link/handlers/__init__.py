"""Kernel handlers of capabilities and ioctls."""
