"""The expected failure: it is printed as one line, and the program ends with exit code 2."""

SHORT_OF_MEMORY = "memory is too short; allow more (ulimit -v), or use fewer --jobs"
_WORDS_OF_THE_LINKER = ("failed to map segment", "annot allocate memory", "cannot create shared object descriptor")


class CaplintError(Exception):
    """Wrong use or unreadable input. The message states the fault, its place, and the remedy."""


def is_short_of_memory(error: Exception) -> bool:
    """Whether there was no memory; a library that finds no place in it is an `ImportError`, of the linker's words."""
    if isinstance(error, ImportError):
        return any(word in str(error) for word in _WORDS_OF_THE_LINKER)
    return isinstance(error, MemoryError)
