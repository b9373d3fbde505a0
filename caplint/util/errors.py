"""The one expected failure: it is printed as one line, and the program ends with code 2."""


class CaplintError(Exception):
    """Wrong use or unreadable input. The message says what and where, and what to do about it."""
