"""caplint diff"""

from __future__ import annotations

import argparse
import re

from caplint.cli.check import outcome_of
from caplint.cli.fixing import add_fix, fixed, is_asked
from caplint.cli.options import add_rules, add_trees, between, config_of, rules_of
from caplint.cli.reporting import add_output, finish, report_files, status_of
from caplint.util.errors import CaplintError

_REVISIONS = re.compile(r"((?:(?!\.\.).)*)(\.{2,3})((?:(?!\.\.)[^.].*)?)", re.DOTALL)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "revisions",
        metavar="REV..REV",
        help="two revisions of the tree in . or of PATH; an omitted side is HEAD. REV...REV compares the second one"
        " with the commit at which it diverged from the first",
    )
    add_trees(parser)
    add_rules(parser)
    add_output(parser)
    add_fix(parser, writes=False)


def run(options: argparse.Namespace) -> int:
    """Compare two revisions of one tree; the other trees stay as they are."""
    revisions = _REVISIONS.fullmatch(options.revisions)
    if revisions is None or not (revisions[1] or revisions[3]):
        raise CaplintError(f"{options.revisions}: write REV..REV, such as v6.11..v6.12")
    config = config_of(options)
    report_files(options)  # what is wrong with them is said before the work
    earlier, dots, later = revisions.groups()
    trees = between(options, config, (earlier or "HEAD", later or "HEAD"), fork=dots == "...")
    rules = rules_of(options, config, whole=False)
    outcome = outcome_of(trees, rules, config)
    if is_asked(options):
        fixed(trees, outcome, lambda changed: outcome_of(changed, rules, config), options)
        return status_of(outcome, options.fail_on or config.fail_on, config.coverage_floor)
    return finish(outcome, options, options.fail_on or config.fail_on, config.coverage_floor)
