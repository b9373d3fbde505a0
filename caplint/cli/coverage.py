"""caplint coverage"""

from __future__ import annotations

import argparse
import json
import sys

from caplint.check import open_session
from caplint.cli.main import CLEAN, UNCOVERED
from caplint.cli.options import add_trees, config_of, progress, trees_of
from caplint.coverage import Blind, Coverage, measure
from caplint.report.style import safe
from caplint.report.wording import coverage_line


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_trees(parser)
    parser.add_argument("--output-format", choices=("text", "json"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Print the ledger."""
    config = config_of(options)
    with progress() as show:
        session = open_session(trees_of(options, config), config, show)
    try:
        coverage = measure(session.connection)
    finally:
        session.store.close()
    if options.output_format == "json":
        json.dump(_object(coverage), sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        _print(coverage)
    return UNCOVERED if coverage.percent < config.coverage_floor else CLEAN


def _object(coverage: Coverage) -> dict[str, object]:
    return {
        "version": 1,
        "trees": [entry._asdict() for entry in coverage.trees],
        "kinds": coverage.kinds,
        "blind": [entry._asdict() for entry in coverage.blind],
        "unaccounted": [entry._asdict() for entry in coverage.unaccounted],
    }


_COLUMNS = ("files", "bytes", "functions", "damaged", "blind_bytes", "tokens", "unaccounted")
_MAX_BLIND = 40


def _print(coverage: Coverage) -> None:
    print(coverage_line(coverage))
    print("\n" + f"{'tree':<12}" + "".join(f" {column.replace('_', ' '):>12}" for column in _COLUMNS))
    for tree in coverage.trees:
        print(f"{safe(tree.tree):<12}" + "".join(f" {getattr(tree, column):>12,}" for column in _COLUMNS))
    print("\nwhat the names are:")
    for kind, count in coverage.kinds.items():
        print(f"{count:>8,}  {kind}")
    if coverage.blind:
        print("\nbytes not understood:")
        spots = _by_file(coverage.blind)
        for count, place in spots[:_MAX_BLIND]:
            print(f"{count:>8,}  {place}")
        if len(spots) > _MAX_BLIND:
            print(f"          … and {len(spots) - _MAX_BLIND} more files; --output-format json lists every place")
    if coverage.unaccounted:
        print("\nunaccounted for:")
        for entry in coverage.unaccounted:
            print(f"  {safe(entry.tree)}:{safe(entry.path)}:{entry.line}:{entry.column}: {safe(entry.name)}")


def _by_file(blind: list[Blind]) -> list[tuple[int, str]]:
    """Bytes and a line of text per file and reason, the most first."""
    groups: dict[tuple[str, str, str], list[Blind]] = {}
    for spot in blind:
        groups.setdefault((spot.tree, spot.path, spot.reason), []).append(spot)
    found = []
    for (tree, path, reason), spots in groups.items():
        lines = sorted({spot.line for spot in spots})
        where = ", ".join(map(str, lines[:5])) + (f" and {len(lines) - 5} more lines" if len(lines) > 5 else "")
        found.append((sum(spot.bytes for spot in spots), f"{safe(tree)}:{safe(path)}:{where}: {reason}"))
    return sorted(found, key=lambda entry: (-entry[0], entry[1]))
