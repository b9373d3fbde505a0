"""The expected failure: it is printed as one line, and the program ends with exit code 2."""


class CaplintError(Exception):
    """Wrong use or unreadable input. The message names the problem, its location and the remedy."""
