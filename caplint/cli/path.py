"""caplint path"""

from __future__ import annotations

import argparse

from caplint.check import open_session
from caplint.cli.main import CLEAN
from caplint.cli.options import add_trees, config_of, progress, trees_of
from caplint.facts.harvest import Reading
from caplint.graph.paths import Paths
from caplint.quoting import json_text
from caplint.report import paths as report


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("capability", metavar="KVM_CAP_X", help="whose paths")
    add_trees(parser)
    parser.add_argument("--from", dest="start", metavar="FUNC", help="begin here instead of at the program's entry")
    parser.add_argument("--arch", help="only what is compiled for this architecture")
    parser.add_argument("--output-format", choices=("text", "json", "dot"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Find the paths, and print them."""
    config = config_of(options)
    with progress() as show:
        session = open_session(trees_of(options, config), config, show)
        try:
            finder = Paths(session, Reading(config.repairs, config.jobs), options.start)
            found = finder.of(options.capability, options.arch)
        finally:
            session.store.close()
    if options.output_format == "json":
        print(json_text(report.as_object(options.capability, options.arch, found), indent=2))
    else:
        lines = report.dot(found) if options.output_format == "dot" else report.text(options.capability, found)
        print("\n".join(lines))
    return CLEAN
