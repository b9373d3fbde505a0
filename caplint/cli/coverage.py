"""caplint coverage"""

from __future__ import annotations

import argparse

from caplint.c.tables import tables
from caplint.check import open_session
from caplint.cli.main import CLEAN, UNCOVERED
from caplint.cli.options import add_output_format, add_trees, config_of, progress, trees_of, write_output
from caplint.ledger import read_ledger
from caplint.proposals import propose
from caplint.report.ledger import LedgerReport


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_trees(parser)
    add_output_format(parser, "coverage")
    parser.add_argument(
        "--propose",
        action="store_true",
        help="look for words that, added to [c] of caplint.toml, make more understood",
    )


def run(options: argparse.Namespace) -> int:
    """Print the ledger."""
    config = config_of(options)
    table = tables(config.repairs.attributes, config.repairs.iterators)
    with progress() as show:
        session = open_session(trees_of(options, config), config, show)
    try:
        ledger = read_ledger(session.connection, session.trees, table)
        files = [(entry.tree, file) for entry in session.loaded for file in entry.files]
        found = propose(files, ledger.spots, config.repairs, config.jobs) if options.propose else None
    finally:
        session.store.close()
    write_output(LedgerReport(ledger, found, config.repairs), "coverage", options)
    return UNCOVERED if ledger.coverage.percent < config.coverage_floor else CLEAN
