"""Which test runs which line of the sources that are mutated, and how long it takes.

Written once for each file of tests, and again when that file or anything that it tests has changed. Run as
`python -m tools.mutants.record TESTS OUT SOURCE…`, in a process of its own: imports are to be seen as well.
"""

from __future__ import annotations

import functools
import gc
import json
import shutil
import sys
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

from tools.mutants.workspace import scratch

IMPORT = ""
"""The name under which coverage.py notes what runs outside of tests: when modules are imported and tests are found."""


class Recorder:
    """Tells coverage.py which test is running. What one test leaves in memory must not hide lines from the next."""

    def __init__(self, coverage: Any, temporary: Path) -> None:
        self.seconds: dict[str, float] = {}
        self.unfit: set[str] = set()
        """Tests that fail, or are skipped."""
        self._coverage = coverage
        self._temporary = temporary

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Run a test under its own name."""
        forget(self._temporary)
        self._coverage.switch_context(item.nodeid)
        start = time.monotonic()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = round(time.monotonic() - start, 4)
            self._coverage.switch_context(IMPORT)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that says nothing of a mutant."""
        if not report.passed:
            self.unfit.add(report.nodeid)


def forget(temporary: Path) -> None:
    """Empty what tests share: stores of facts, and functions that remember their answers."""
    for store in temporary.glob("pytest-of-*/rule-pages*"):
        shutil.rmtree(store) if store.is_dir() else store.unlink()
    for function in remembering():
        function.cache_clear()


def remembering() -> list[Any]:
    """Return the functions of the program that remember their answers."""
    kind = functools._lru_cache_wrapper
    return [found for found in gc.get_objects() if isinstance(found, kind) and found.__module__.startswith("caplint.")]


def record(tests: str, sources: Iterable[str]) -> dict[str, Any]:
    """Return `tests`, seconds per passing test, and `lines`, per source and line its tests ("": imports)."""
    from coverage import Coverage  # noqa: PLC0415 - of the group `tools`, which is not installed everywhere

    coverage = Coverage(data_file=None, include=[str(Path(source).resolve()) for source in sources])
    with scratch() as temporary:
        recorder = Recorder(coverage, temporary)
        coverage.start()
        pytest.main([tests, *OPTIONS], plugins=[recorder])
        coverage.stop()
    fit = {name: seconds for name, seconds in recorder.seconds.items() if name not in recorder.unfit}
    data = coverage.get_data()
    lines = {}
    for source in sources:
        by_line = data.contexts_by_lineno(str(Path(source).resolve()))
        lines[source] = {
            line: [name for name in names if name == IMPORT or name in fit] for line, names in by_line.items()
        }
    return {"tests": fit, "lines": lines}


OPTIONS = ("-m", "not corpus and not edits", "-p", "no:randomly", "-p", "no:xdist", "--hypothesis-seed=0", "-q")
"""Of every run of pytest: nothing is left to chance, and what needs the real sources is left out."""


def main() -> int:
    """Record one file of tests."""
    tests, out, *sources = sys.argv[1:]
    Path(out).write_text(json.dumps(record(tests, sources)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
