"""caplint coverage"""

from __future__ import annotations

import argparse

from caplint.c.tables import tables
from caplint.cli.exit_codes import CLEAN, UNCOVERED
from caplint.cli.options import add_output_format, add_trees, config_of, progress, trees_of, write_output
from caplint.coverage.ledger import read_ledger
from caplint.coverage.proposals import propose
from caplint.report.ledger import LedgerReport
from caplint.session import open_session


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_trees(parser)
    add_output_format(parser, "coverage")
    parser.add_argument(
        "--propose",
        action="store_true",
        help="propose words for [c] of caplint.toml that would reduce the unparsed code",
    )


def run(options: argparse.Namespace) -> int:
    """Print the coverage ledger; return `UNCOVERED` if coverage is below the configured floor."""
    config = config_of(options)
    table = tables(config.repairs.attributes, config.repairs.iterators)
    with progress() as show:
        session = open_session(trees_of(options, config), config, show)
    try:
        ledger = read_ledger(session.connection, session.trees, table)
        files = [(entry.tree, file) for entry in session.loaded for file in entry.files]
        proposals = propose(files, ledger.spots, config.repairs, config.jobs) if options.propose else None
    finally:
        session.store.close()
    write_output(LedgerReport(ledger, proposals, config.repairs), "coverage", options)
    return UNCOVERED if ledger.coverage.percent < config.coverage_floor else CLEAN
