"""The directory of fetched trees: stamps that make a second run idle, and atomic replacement."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from tools.archive import Selection, extract
from tools.debian import Tarball
from tools.errors import ToolError
from tools.progress import Reporter

STAMP = ".caplint-corpus"


def stamp_text(tarball: Tarball, selection: Selection) -> str:
    """Return what the stamp of a tree holds: version, archive hash and a hash of the globs."""
    globs = hashlib.sha256(json.dumps(asdict(selection)).encode()).hexdigest()
    return f"version {tarball.version}\narchive {tarball.digest.sha256}\nglobs {globs}\n"


def is_current(tree: Path, stamp: str) -> bool:
    """Tell whether `tree` was extracted in full with this `stamp`."""
    path = tree / STAMP
    return path.is_file() and path.read_text() == stamp


def unpack(archive: Path, tree: Path, selection: Selection, stamp: str, reporter: Reporter) -> int:
    """Replace `tree` by the selected files of `archive`; return their number.

    The old tree stays until the new one is whole. Raises ToolError when `tree` is there and has
    no stamp, because it is then somebody's work, and what `extract` raises.
    """
    if tree.exists() and not (tree / STAMP).is_file():
        raise ToolError(f"{tree} exists and has no {STAMP}; move it out of the way")
    fresh, stale = (tree.with_name(f".{tree.name}.{kind}") for kind in ("new", "old"))
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        with reporter.meter(f"{tree.name} extract", archive.stat().st_size) as tick:
            count = extract(archive, fresh, selection, tick)
        (fresh / STAMP).write_text(stamp)
        _swap(fresh, tree, stale)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return count


def _swap(fresh: Path, tree: Path, stale: Path) -> None:
    shutil.rmtree(stale, ignore_errors=True)
    if tree.exists():
        tree.rename(stale)
    fresh.rename(tree)
    shutil.rmtree(stale, ignore_errors=True)


@contextmanager
def exclusive(directories: Iterable[Path], reporter: Reporter) -> Iterator[None]:
    """Create `directories` and keep other runs out during the block, waiting for theirs to end."""
    with ExitStack() as held:
        # In one order for every run, so that two runs cannot each wait for the other.
        for directory in sorted({path.resolve() for path in directories}):
            directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            held.callback(os.close, descriptor)
            _wait_for(descriptor, directory, reporter)
        yield


def _wait_for(descriptor: int, directory: Path, reporter: Reporter) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        reporter.say(f"waiting for another run that uses {directory}")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
