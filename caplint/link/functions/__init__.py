"""Bodies of functions, their calls and the members they use."""
