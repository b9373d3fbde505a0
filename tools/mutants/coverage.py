"""What the tests run, put together from the records of all their files. One that is out of date is made again."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.errors import ToolError
from tools.mutants.record import IMPORT
from tools.mutants.workspace import HOME

_TESTED = ("caplint", "rules", "fixtures")


@dataclass(frozen=True)
class Coverage:
    """By source and line, the tests that run it; and how long each test takes, in seconds."""

    seconds: dict[str, float]
    lines: dict[str, dict[int, set[str]]]

    def tests(self, source: str, lines: Iterable[int]) -> set[str]:
        """Those that run any of the lines."""
        known = self.lines.get(source, {})
        return {name for line in lines for name in known.get(line, ())} - {IMPORT}

    def reach(self, source: str, tests: Iterable[str]) -> dict[str, int]:
        """How many lines of a source each of the tests runs."""
        counts = Counter(name for names in self.lines.get(source, {}).values() for name in names)
        return {test: counts[test] for test in tests}

    def is_imported(self, source: str, lines: Iterable[int]) -> bool:
        """Whether any of the lines runs before the tests do."""
        known = self.lines.get(source, {})
        return any(IMPORT in known.get(line, ()) for line in lines)


def measure(files: list[str], sources: list[str]) -> Coverage:
    """Bring the records up to date and read them. Raises `ToolError` where tests cannot be run."""
    tested = _digest(path for root in _TESTED for path in Path(root).rglob("*"))
    seconds: dict[str, float] = {}
    lines: dict[str, dict[int, set[str]]] = {}
    for file in files:
        found = _record(file, sources, tested)
        seconds |= found["tests"]
        for source, by_line in found["lines"].items():
            known = lines.setdefault(source, {})
            for line, names in by_line.items():
                known.setdefault(int(line), set()).update(names)
    return Coverage(seconds, lines)


def _record(file: str, sources: list[str], tested: str) -> dict[str, Any]:
    out = HOME / "record" / f"{file.replace('/', '.')}.json"
    stamp = out.with_suffix(".digest")
    digest = _digest([Path(file), *_shared(Path(file))], tested, *sources)
    if not (stamp.exists() and out.exists() and stamp.read_text() == digest):
        out.parent.mkdir(parents=True, exist_ok=True)
        print(f"mutants: what {file} runs", file=sys.stderr, flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "tools.mutants.record", file, str(out), *sources],
            stdout=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        if done.returncode:
            raise ToolError(f"{file}: cannot be run: `.venv/bin/pytest {file}` says why")
        stamp.write_text(digest)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def _shared(file: Path) -> Iterator[Path]:
    """Yield the files that tests of a file share: all beside and above it that are not tests."""
    for directory in file.parents:
        if "tests" in directory.parts:
            yield from (path for path in directory.glob("*.py") if not path.name.startswith("test_"))


def _digest(paths: Iterable[Path], *words: str) -> str:
    digest = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"\0{path}\0".encode() + path.read_bytes())
    return digest.hexdigest()
