"""Where a run keeps what it has measured, and a place that nothing of a mutant outlives."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOME = Path(".mutants")


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a directory for everything that tests write below their own temporary ones, stores of facts included."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        settle(Path(name))
        yield Path(name)


def settle(place: Path) -> None:
    """Make this process and its children write there; pytest and hypothesis look at these when they first write."""
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(place)
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(place / "hypothesis")
    os.environ["CAPLINT_CACHE"] = str(place / "cache")
