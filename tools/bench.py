"""Measures whole runs on the real sources, beside the price of reading and of barely parsing the same bytes.

`make bench` prints a table with ratios and writes the same as JSON to .bench/results.json.
"""

import argparse
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import tree_sitter

from caplint.c.conditions import conditionals
from caplint.c.lexer import lex
from caplint.c.repair import repair
from caplint.c.syntax import language
from caplint.c.tables import tables
from caplint.c.variants import variants
from caplint.facts.extract import extract
from caplint.facts.languages import language_of
from caplint.facts.store import FactStore
from caplint.trees.detect import directory_tree
from tools.errors import ToolError

T = TypeVar("T")

_CORPUS = Path(".corpus")
_BYTECODE = ".bench/bytecode"
_PAIR = ("linux-6.12", "qemu-10.0")
_CAPABILITY = "KVM_CAP_IRQCHIP"


@dataclass(frozen=True)
class Row:
    """One measurement: median seconds of several runs, and the peak memory of the largest process in MB."""

    name: str
    seconds: float
    megabytes: float | None = None


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("-n", type=int, default=3, metavar="RUNS", help="runs of each measurement (default: 3)")
    runs: int = parser.parse_args().n
    for name in _PAIR:
        if not (_CORPUS / name).is_dir():
            raise ToolError(f"{_CORPUS / name} is not there; run `make corpus` first")
    sources = _sources()
    size = sum(map(len, sources))
    rows = [*_whole_runs(runs), *_floor(sources, runs), *_front_end(sources, runs)]
    _print(rows, size)
    _write(rows, size)
    return 0


def _sources() -> list[bytes]:
    """The C files that a check of the pair reads."""
    store = FactStore(None)
    found = []
    for name in _PAIR:
        tree = directory_tree(str(_CORPUS / name))
        found += [tree.read(file.path) for file in tree.files(store) if language_of(file.path) == "c"]
    return found


def _whole_runs(runs: int) -> list[Row]:
    """Cold and warm runs of the command, in processes of their own."""
    trees = ["--kernel", str(_CORPUS / _PAIR[0]), "--qemu", str(_CORPUS / _PAIR[1])]
    rows = [
        *_cold_and_warm("check", ["check", "--fail-on", "never", *trees], runs),
        *_cold_and_warm("path of a capability", ["path", _CAPABILITY, *trees], runs),
        # Of the whole graph nothing is remembered but the outlines.
        *_cold_and_warm("QEMU's whole call graph", ["path", "--all-functions", *trees[2:]], 1),
    ]
    with tempfile.TemporaryDirectory() as cache:
        version = [_run(["--version"], cache) for _ in range(runs)]
    return [*rows, _median("--version", version)]


def _cold_and_warm(name: str, arguments: list[str], runs: int) -> list[Row]:
    """Without a store, and with the one that this has left."""
    cold, warm = [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(_run(arguments, cache))
            warm.append(_run(arguments, cache))
    return [_median(f"{name}, cold", cold), _median(f"{name}, warm", warm)]


def _run(arguments: list[str], cache: str) -> tuple[float, float]:
    """Seconds of one run, and the peak memory in MB of its largest process."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "caplint", *arguments],
        # Compiled once and kept, as an installed program is.
        env={**os.environ, "CAPLINT_CACHE": cache, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": _BYTECODE},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise ToolError(f"caplint {' '.join(arguments)} ended with {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


def _median(name: str, measured: list[tuple[float, float]]) -> Row:
    return Row(name, statistics.median(seconds for seconds, _ in measured), max(memory for _, memory in measured))


def _floor(sources: list[bytes], runs: int) -> list[Row]:
    """What no tool that parses these bytes on one core can go below."""
    paths = [
        path
        for name in _PAIR
        for path in sorted((_CORPUS / name).rglob("*"))
        if path.is_file() and language_of(path.name) == "c"
    ]
    parse = tree_sitter.Parser(language()).parse
    return [
        _timed("reading every C file of both trees", runs, Path.read_bytes, paths),
        _timed("bare tree-sitter, one core", runs, parse, sources),
    ]


def _front_end(sources: list[bytes], runs: int) -> list[Row]:
    """The stages of the front end on one core."""
    table = tables()
    lexed = [lex(source) for source in sources]
    texts = [text for entry in lexed for text in variants(entry, conditionals(entry)).texts]
    return [
        _timed("lexing", runs, lex, sources),
        _timed("choosing variants", runs, lambda entry: variants(entry, conditionals(entry)), lexed),
        _timed("repairing", runs, lambda text: repair(text, table), texts),
        _timed("front end and extraction", runs, lambda source: extract(source, "c", table), sources),
    ]


def _timed(name: str, runs: int, action: Callable[[T], object], items: Iterable[T]) -> Row:
    """Processor time of an action on all items; what else runs on the machine matters little for it."""
    gc.collect()
    gc.freeze()  # what the measurement itself holds in memory is not to be looked through
    measured = []
    for _ in range(runs):
        begun = time.process_time()
        for item in items:
            action(item)
        measured.append(time.process_time() - begun)
    return Row(name, statistics.median(measured))


def _print(rows: list[Row], size: int) -> None:
    bare = next(row.seconds for row in rows if row.name.startswith("bare"))
    print(f"{' and '.join(_PAIR)}: {size / 1e6:.1f} MB of C read; {os.cpu_count()} cores; medians\n")
    print(f"{'':<38} {'seconds':>8} {'x bare parse':>13} {'peak MB':>8}")
    for row in rows:
        memory = f"{row.megabytes:8.0f}" if row.megabytes is not None else ""
        print(f"{row.name:<38} {row.seconds:>8.2f} {row.seconds / bare:>13.2f} {memory}")


def _write(rows: list[Row], size: int) -> None:
    Path(".bench").mkdir(exist_ok=True)
    result = {
        "bytes": size,
        "rows": [asdict(row) for row in rows],
        "peak_self_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    Path(".bench/results.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as error:
        sys.exit(f"bench: {error}")
