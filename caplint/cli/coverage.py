"""caplint coverage"""

from __future__ import annotations

import argparse

from caplint.c.tables import tables
from caplint.cli.exit_codes import CLEAN, UNCOVERED
from caplint.cli.named_trees import trees_of
from caplint.cli.options import add_trees, config_of, progress, style_of
from caplint.coverage.ledger import read_ledger
from caplint.coverage.proposals import propose
from caplint.report import ledger as report
from caplint.report import proposals
from caplint.session import open_session
from caplint.util.escape import json_text


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_trees(parser)
    parser.add_argument("--output-format", choices=("text", "json"), default="text", help="default: text")
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
    if options.output_format == "json":
        more = {"proposals": proposals.as_object(found)} if found else {}
        print(json_text({**report.as_object(ledger), **more}, indent=2))
    elif found:
        print("\n".join(proposals.lines(found, config.repairs)))
    else:
        print("\n".join(report.lines(ledger, style_of(options))))
    return UNCOVERED if ledger.coverage.percent < config.coverage_floor else CLEAN
