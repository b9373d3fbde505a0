"""The kernel's handlers of capabilities and ioctls."""
