"""caplint patch"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.cli.check import add_output, finish
from caplint.cli.exit_codes import FOUND
from caplint.cli.options import add_rules, add_trees, config_of, progress, rules_of, trees_around
from caplint.engine.outcome import Outcome
from caplint.engine.outcome_cache import recalled_all
from caplint.findings.finding import sort_key
from caplint.report.style import safe
from caplint.trees.excerpt import lay_alone
from caplint.trees.mail import LARGEST
from caplint.trees.series import Laid, lay, read_series
from caplint.util.errors import CaplintError
from caplint.util.regular_file import read_regular, standard_input

if TYPE_CHECKING:
    from caplint.config.settings import Config
    from caplint.rules.page import Rule
    from caplint.trees.tree import States


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a diff, a patch of git format-patch, a mail or a mbox; - reads one"
    )
    parser.add_argument(
        "--for", dest="preferred", metavar="NAME", help="the tree, or its role, that a file is for that fits several"
    )
    parser.add_argument(
        "--diff-only", action="store_true", help="look at what the diffs alone show, where they do not apply"
    )
    add_trees(parser, bare=False)
    add_rules(parser)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Lay the patches over the trees, and report what they add and resolve."""
    config = config_of(options)
    series = read_series(_contents(options.files), _warn)
    trees, rules = trees_around(options, config), rules_of(options, config, whole=False)
    laid = (
        lay_alone(series, trees, options.preferred)
        if options.diff_only
        else lay(series, trees, options.preferred, _warn)
    )
    outcomes = recalled_all(
        [entry.trees for entry in laid], rules, config, lambda: _computed(laid, rules, config), partial(_asked, laid)
    )
    outcomes = [replace(outcome, configuration=config.source) for outcome in outcomes]
    if options.diff_only:
        outcomes = [_partial(outcome) for outcome in outcomes]
    fail_on = options.fail_on or config.fail_on
    if options.output_format != "text":
        return finish(_together(outcomes), options, fail_on, config.coverage_floor)
    statuses = []
    for entry, outcome in zip(laid, outcomes, strict=True):
        if len(laid) > 1:
            print(f"With {safe(_names(entry))}:\n")
        statuses.append(finish(outcome, options, fail_on, config.coverage_floor))
        if options.diff_only:
            print("Only what the diffs show was seen; the rest of the patched trees was not.")
    return FOUND if FOUND in statuses else max(statuses)


def _computed(laid: list[Laid], rules: list[Rule], config: Config) -> list[Outcome]:
    """What no earlier run has found out."""
    from caplint.engine.compare import compare_series  # noqa: PLC0415 - most of the program
    from caplint.rules.page import parse  # noqa: PLC0415

    parse(rules)
    with progress() as show:
        return compare_series(laid, rules, config, show)


def _asked(laid: list[Laid], known: States) -> str | None:
    """What the outcomes depend on beside the trees: the series' names, and the trees after each patch."""
    steps = [
        (step.series, step.ordinal, step.patch, name, tree.state(known))
        for entry in laid for steps in entry.steps for step in steps for name, tree in sorted(step.trees.items())
    ]  # fmt: skip
    return None if any(step[-1] is None for step in steps) else repr((list(map(_names, laid)), steps))


def _contents(files: list[str]) -> Iterator[tuple[str, bytes]]:
    if files.count("-") > 1:
        raise CaplintError("-: standard input can be read only once")
    for name in files:
        if name == "-":
            yield "standard input", standard_input(LARGEST)
        else:
            # Findings and the store hold the name as text, and bytes of it that are no UTF-8 escaped.
            yield os.fsencode(name).decode("utf-8", "backslashreplace"), read_regular(Path(name), LARGEST)


def _warn(message: str) -> None:
    sys.stderr.write(f"caplint: note: {safe(message)}\n")


def _names(laid: Laid) -> str:
    return " and ".join(series.label for series in laid.series)


def _partial(outcome: Outcome) -> Outcome:
    """An outcome whose every finding says what it rests on."""
    added, resolved = (
        [replace(found, message=f"{found.message} (seen in the diff alone)") for found in findings]
        for findings in (outcome.findings, outcome.resolved or [])
    )
    return replace(outcome, findings=added, resolved=resolved)


def _together(outcomes: list[Outcome]) -> Outcome:
    """All findings as those of one run; trees and coverage are the first one's."""
    return replace(
        outcomes[0],
        findings=sorted((found for outcome in outcomes for found in outcome.findings), key=sort_key),
        resolved=sorted((found for outcome in outcomes for found in outcome.resolved or ()), key=sort_key),
    )
