"""Expected failures: which errors mean that memory was too short, a library that found no place in it included."""

from __future__ import annotations

import pytest

from caplint.util.errors import CaplintError, is_short_of_memory


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ImportError("/x/_sqlite3.so: failed to map segment from shared object"),
        ImportError("/x/libz.so.1: cannot create shared object descriptor: Cannot allocate memory"),
        ImportError("/x/libz.so.1: cannot allocate memory in static TLS block"),
        ModuleNotFoundError("libm.so.6: cannot create shared object descriptor"),
    ],
)
def test_memory_was_too_short(error: Exception) -> None:
    assert is_short_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        ModuleNotFoundError("No module named 'pygls'"),
        ImportError("/x/libz.so.1: cannot open shared object file: No such file or directory"),
        OSError("Cannot allocate memory"),
        CaplintError("cannot allocate memory"),
        ValueError(),
    ],
)
def test_other_errors_are_what_they_say(error: Exception) -> None:
    assert not is_short_of_memory(error)
