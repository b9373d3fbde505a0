"""A target of the fuzzer: a reader, its seeds, and the bounds that every run of it is held to."""

from __future__ import annotations

import random
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from caplint.util.errors import CaplintError

MADE = b"\0"
"""Beginning of an input whose other bytes are decisions of the target's grammar."""
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Target:
    """A reader of outside input, and the inputs that the fuzzer begins with."""

    check: Callable[[bytes], object]
    """Raises for whatever is wrong; returns what the same input must give again."""
    packages: tuple[str, ...]
    """Whose branches guide the fuzzer."""
    share: int = 1
    """Parts of the time that the target gets."""
    places: tuple[Path, ...] = ()
    """Directories of inputs."""
    made: int = 0
    """Number of initial inputs: `MADE` followed by random bytes."""
    seconds: float = 5.0
    """Processor time that one input may take; it is small, and instrumented code is slow."""

    more: Callable[[], Iterable[tuple[str, bytes]]] = tuple
    """Makes further inputs to begin with."""

    def seeds(self) -> Iterator[tuple[str, bytes]]:
        """Name and content of every input to begin with."""
        for place in self.places:
            for file in sorted(place.iterdir()):
                yield file.name, file.read_bytes()
        for number in range(self.made):
            yield f"made-{number}", MADE + random.Random(number).randbytes(600)
        yield from self.more()

    def run(self, data: bytes) -> None:
        """Hold the reader against one input, and some inputs twice."""
        first = self._timed(data)
        if zlib.crc32(data) % 8 == 0:
            assert self._timed(data) == first, "another result the second time"

    def _timed(self, data: bytes) -> object:
        begun = time.process_time()
        found = self.check(data)
        spent = time.process_time() - begun
        assert spent <= self.seconds, f"{spent:.1f} s for {len(data)} bytes"
        return found


def seeds_of(name: str) -> Path:
    """Return the directory of a target's own seeds."""
    return Path(__file__).parent / "seeds" / name


@contextmanager
def answered() -> Iterator[list[str]]:
    """Take a `CaplintError` for an answer; the list then holds what the user would see."""
    said: list[str] = []
    try:
        yield said
    except CaplintError as error:
        said.append(" ".join(str(error).split()))
        assert said[0], "an error says nothing"


@contextmanager
def file_of(name: str, data: bytes) -> Iterator[Path]:
    """Write an input to a file of its own."""
    with tempfile.TemporaryDirectory(prefix="caplint-fuzz-") as place:
        file = Path(place) / name
        file.write_bytes(data)
        yield file
