"""caplint check"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from caplint import baseline, baseline_file
from caplint.cli.main import CLEAN, FOUND, UNCOVERED
from caplint.cli.options import (
    add_base,
    add_output_format,
    add_probe,
    add_rules,
    add_trees,
    config_of,
    progress,
    rules_of,
    trees_of,
    write_output,
)
from caplint.errors import CaplintError
from caplint.findings import SEVERITIES
from caplint.outcome import Outcome
from caplint.recall import recalled
from caplint.report.wording import coverage_line, remarks

if TYPE_CHECKING:
    from caplint.config import Config
    from caplint.rules import Rule
    from caplint.trees.tree import Tree


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_trees(parser)
    add_base(parser)
    add_probe(parser)
    add_rules(parser)
    parser.add_argument(
        "--deep", action="store_true", help="also run the rules that need the call graph (takes longer)"
    )
    add_output(parser)
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="leave out the findings that FILE lists (see caplint baseline)"
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """How findings are shown, and what makes the command fail."""
    add_output_format(parser, "check")
    parser.add_argument(
        "--fail-on",
        choices=(*SEVERITIES, "never"),
        help="exit with 1 on findings at least as severe (default: warning)",
    )


def run(options: argparse.Namespace) -> int:
    """Check, report, and say by the exit code how it went."""
    config = config_of(options)
    known = baseline_file.read(options.baseline) if options.baseline else None
    trees, rules = trees_of(options, config), rules_of(options, config, whole=False)
    if options.deep and any(tree.base for tree in trees):
        raise CaplintError("--deep looks at trees as they are; leave it out, or --base and --staged")
    outcome = outcome_of(trees, rules, config, deep=options.deep)
    if known is not None:
        outcome = baseline.without(outcome, known)
    return finish(outcome, options, options.fail_on or config.fail_on, config.coverage_floor)


def outcome_of(trees: list[Tree], rules: list[Rule], config: Config, *, deep: bool = False) -> Outcome:
    """What a check finds, recalled where it is known; the rules need not be read whole."""
    found = recalled(trees, rules, config, lambda: _computed(trees, rules, config, deep=deep), "deep" if deep else "")
    return replace(found, configuration=config.source)


def _computed(trees: list[Tree], rules: list[Rule], config: Config, *, deep: bool) -> Outcome:
    from caplint import check as engine  # noqa: PLC0415 - most of the program, and most runs need it not
    from caplint.rules import parse  # noqa: PLC0415

    parse(rules)
    with progress() as show:
        if any(tree.base for tree in trees):
            from caplint.compare import compare  # noqa: PLC0415 - only comparisons need it

            return compare(trees, rules, config, show)
        return engine.check(trees, rules, config, show, deep=deep)


def finish(outcome: Outcome, options: argparse.Namespace, fail_on: str, floor: float) -> int:
    """Report an outcome and turn it into an exit code."""
    write_output(outcome, "check", options)
    if options.output_format != "text":
        for line in (*remarks(outcome), f"coverage: {coverage_line(outcome.coverage)}"):
            sys.stderr.write(f"{line}\n")
    limit = SEVERITIES.index(fail_on) if fail_on in SEVERITIES else -1
    if any(SEVERITIES.index(finding.severity) <= limit for finding in outcome.findings):
        return FOUND
    if outcome.coverage.percent < floor:
        sys.stderr.write(f"caplint: coverage {outcome.coverage.percent:.3f} % is below coverage.floor {floor} %\n")
        return UNCOVERED
    return CLEAN
