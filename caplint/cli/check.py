"""caplint check"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.cli.fixing import add_fix, fixed, is_asked
from caplint.cli.options import (
    add_base,
    add_probe,
    add_rules,
    add_trees,
    config_of,
    progress,
    rules_of,
    trees_of,
)
from caplint.cli.reporting import add_output, finish, report_files, status_of
from caplint.engine import baseline, baseline_file, upstream
from caplint.engine.outcome import Outcome
from caplint.engine.outcome_cache import recalled
from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from caplint.config.settings import Config
    from caplint.rules.page import Rule
    from caplint.trees.tree import Tree


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_trees(parser)
    add_base(parser)
    add_probe(parser)
    add_rules(parser)
    parser.add_argument(
        "--deep", action="store_true", help="also run the rules that need the call graph (takes longer)"
    )
    add_output(parser)
    add_fix(parser)
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="hide the findings listed in FILE (see caplint baseline)"
    )
    parser.add_argument(
        "--known", action="store_true", help="also show the findings that are known upstream, with the reasons"
    )


def run(options: argparse.Namespace) -> int:
    """Check the trees, report the findings and return the exit code."""
    config = config_of(options)
    report_files(options)  # what is wrong with them is said before the work
    fixing = is_asked(options)
    known_findings = baseline_file.read(options.baseline) if options.baseline else None
    trees, rules = trees_of(options, config), rules_of(options, config, whole=False)
    if options.deep and any(tree.base for tree in trees):
        raise CaplintError("--deep cannot be combined with --base or --staged; leave one of them out")

    def checked(trees: list[Tree]) -> Outcome:
        outcome = outcome_of(trees, rules, config, deep=options.deep)
        if known_findings is not None:
            outcome = baseline.without(outcome, known_findings)
        if not any(tree.base for tree in trees):
            outcome = upstream.without_known(outcome, map(Path, config.known), shown=options.known)
        return outcome

    outcome = checked(trees)
    if fixing:
        outcome = fixed(trees, outcome, checked, options)
        if options.diff:
            return status_of(outcome, options.fail_on or config.fail_on, config.coverage_floor)
    return finish(outcome, options, options.fail_on or config.fail_on, config.coverage_floor)


def outcome_of(trees: list[Tree], rules: list[Rule], config: Config, *, deep: bool = False) -> Outcome:
    """Return the outcome of a check, from the outcome cache where possible; the rules may still be unparsed."""
    steps = [(tree.name, tree.steps.identity) for tree in trees if tree.steps is not None]
    asked = ("deep" if deep else "") + (repr(steps) if steps else "")
    outcome = recalled(trees, rules, config, lambda: _computed(trees, rules, config, deep=deep), asked)
    return replace(outcome, configuration=config.source)


def _computed(trees: list[Tree], rules: list[Rule], config: Config, *, deep: bool) -> Outcome:
    from caplint.engine import check as engine  # noqa: PLC0415 - most of the program, not needed for a cached outcome
    from caplint.rules.page import parse  # noqa: PLC0415

    parse(rules)
    with progress() as show:
        if any(tree.base for tree in trees):
            from caplint.engine.compare import compare  # noqa: PLC0415 - only comparisons need it

            return compare(trees, rules, config, show)
        return engine.check(trees, rules, config, show, deep=deep)
