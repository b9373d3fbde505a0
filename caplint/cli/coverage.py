"""caplint coverage"""

from __future__ import annotations

import argparse
import json
import sys

from caplint.check import open_session
from caplint.cli.main import CLEAN, UNCOVERED
from caplint.cli.options import add_trees, config_of, progress, trees_of
from caplint.coverage import Coverage, measure
from caplint.report.style import safe
from caplint.report.wording import coverage_line, size


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


def _print(coverage: Coverage) -> None:
    print(coverage_line(coverage))
    print()
    print(f"{'tree':<12} {'files':>7} {'bytes':>11} {'functions':>10} {'damaged':>8} {'blind bytes':>12} {'names':>7} {'unaccounted':>12}")
    for tree in coverage.trees:
        print(
            f"{safe(tree.tree):<12} {tree.files:>7,} {size(tree.bytes):>11} {tree.functions:>10,} {tree.damaged:>8} "
            f"{tree.blind_bytes:>12,} {tree.tokens:>7,} {tree.unaccounted:>12}"
        )
    print("\nwhat the names are:")
    for kind, count in coverage.kinds.items():
        print(f"{count:>8,}  {kind}")
    if coverage.blind:
        print("\nnot understood:")
        for spot in coverage.blind:
            print(f"{spot.bytes:>8,}  {safe(spot.tree)}:{safe(spot.path)}:{spot.line}: {spot.reason}")
    if coverage.unaccounted:
        print("\nunaccounted for:")
        for entry in coverage.unaccounted:
            print(f"  {safe(entry.tree)}:{safe(entry.path)}:{entry.line}:{entry.column}: {safe(entry.name)}")
