"""Measures whole runs on the real sources, beside the floor and beside what else reads the same files.

`make bench` prints a table with ratios first and writes the same as JSON to .bench/results.json. It ends with exit code
1 where a figure is more than 15 % above the recorded one (tools/bench/recorded.json).
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from tools.bench.fleet import fleet, history
from tools.bench.floor import BARE, floor, front_end
from tools.bench.growth import growth
from tools.bench.measure import Row
from tools.bench.others import others
from tools.bench.recorded import record, recorded, slower
from tools.bench.sources import PAIR, read_files, trees
from tools.bench.whole import whole_runs
from tools.errors import ToolError

_RESULTS = Path(".bench/results.json")
_PARTS: dict[str, Callable[[int], Iterator[Row]]] = {
    "floor": floor, "whole": whole_runs, "others": others, "stages": front_end, "growth": growth,
    "history": history, "fleet": fleet,
}  # fmt: skip
_RECORDED = frozenset({"whole", "stages", "growth"})
"""Parts that measure caplint on the same input in every run, whose figures are recorded."""
_TITLES = (
    "x bare parse", "processor s", "wall s", "largest MB", "together MB", "first process MB", "largest worker MB",
)  # fmt: skip
_ASKED = frozenset({"history", "fleet"})
"""Parts that take long and run only with --only."""


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("-n", type=int, default=3, metavar="RUNS", help="runs of each short measurement (default: 3)")
    parser.add_argument("--only", choices=_PARTS, action="append", metavar="PART", help=f"some of {', '.join(_PARTS)}")
    parser.add_argument("--record", action="store_true", help="keep the figures of caplint as those to compare with")
    options = parser.parse_args()
    trees()
    size = sum(path.stat().st_size for path in read_files())
    print(f"{' and '.join(PAIR)}: {size / 1e6:.1f} MB of C read; {os.cpu_count()} cores; medians\n")
    print(f"| {' | '.join(_TITLES)} | |\n|{'--:|' * len(_TITLES)}:--|")
    rows: list[Row] = []
    own: list[Row] = []
    for name in dict.fromkeys(["floor", *(options.only or (part for part in _PARTS if part not in _ASKED))]):
        for row in _PARTS[name](options.n):
            rows.append(row)
            _print(row, next(row.seconds for row in rows if row.name == BARE))
            _write(rows, size)
            if name in _RECORDED:
                own.append(row)
    bare = next(row.seconds for row in rows if row.name == BARE)
    if options.record:
        record(own, bare)
        return 0
    lines = slower(own, bare, recorded())
    print("".join(f"\nslower: {line}" for line in lines))
    return int(bool(lines))


def _print(row: Row, bare: float) -> None:
    cells = [f"{row.seconds / bare:.2f}", f"{row.seconds:.2f}"]
    cells += ["" if value is None else f"{value:.2f}" for value in (row.wall,)]
    cells += ["" if value is None else f"{value:.0f}" for value in (row.megabytes, row.together, row.first, row.worker)]
    print(f"| {' | '.join(cells)} | {row.name}{f': {row.note}' if row.note else ''} |", flush=True)


def _write(rows: list[Row], size: int) -> None:
    _RESULTS.parent.mkdir(exist_ok=True)
    bare = rows[0].seconds
    result = {
        "bytes": size,
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "rows": [{**asdict(row), "ratio": row.seconds / bare} for row in rows],
    }
    _RESULTS.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as error:
        sys.exit(f"bench: {error}")
