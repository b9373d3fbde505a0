"""caplint patch"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.cli.exit_codes import FOUND
from caplint.cli.fixing import add_fix, fixed, is_asked, tell_left, tell_refused
from caplint.cli.options import add_rules, add_trees, config_of, progress, rules_of, trees_around, warn, write_output
from caplint.cli.reporting import add_output, finish, report, report_files, status_of, write_files
from caplint.engine.outcome import Outcome, nothing
from caplint.engine.outcome_cache import recalled_all
from caplint.findings.finding import sort_key
from caplint.report import choices
from caplint.report.style import safe
from caplint.report.wording import plural
from caplint.trees.excerpt import apply_excerpts
from caplint.trees.patch_files import patch_texts
from caplint.trees.patch_text import PatchText
from caplint.trees.series import PatchedTrees, apply_series, read_series
from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from caplint.config.settings import Config
    from caplint.rules.page import Rule
    from caplint.trees.tree import States, Tree


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="diff, output of git format-patch, mail or mbox, also as .gz or .xz; directory of such files, maildir or"
        " quilt series; - reads standard input",
    )
    parser.add_argument(
        "--in-order", action="store_true", help="apply all files one after another, as one series (SOURCES/*.patch)"
    )
    parser.add_argument(
        "--for", dest="preferred", metavar="NAME", help="tree (name or role) to use when a file fits more than one"
    )
    parser.add_argument(
        "--diff-only", action="store_true", help="analyse only the diff hunks, for patches that do not apply"
    )
    parser.add_argument(
        "--less-context", action="store_true", help="let a hunk apply where only one line of its context matches"
    )
    parser.add_argument(
        "--summary",
        action="store_true",
        help="print, as text for a mail, which places of each capability the series touches and what it owes"
        " (text, b4)",
    )
    add_trees(parser, bare=False)
    add_rules(parser)
    add_output(parser)
    add_fix(parser, writes=False)
    parser.add_argument(
        "--fix", action="store_true", help="write the patches with the fixes folded into them, and report what remains"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="with --fix: directory for the corrected files of patches"
    )


@dataclass(frozen=True)
class _Setting:
    """Trees that files of patches are applied to, with the options, settings and rules of the run."""

    options: argparse.Namespace
    config: Config
    trees: list[Tree]
    rules: list[Rule]

    def apply(self, texts: Iterable[PatchText], warn: Callable[[str], None] = warn) -> list[PatchedTrees]:
        """Return the trees with files of patches applied."""
        options = self.options
        series = read_series(texts, warn, in_order=options.in_order)
        if options.diff_only:
            return apply_excerpts(series, self.trees, options.preferred, warn)
        return apply_series(series, self.trees, options.preferred, warn, less_context=options.less_context)

    def compare(self, patched: list[PatchedTrees]) -> list[Outcome]:
        """Return the findings that patches add and resolve."""
        return _computed(patched, self.rules, self.config)

    def status(self, outcome: Outcome) -> int:
        """Return the exit code for an outcome that is not reported."""
        return status_of(outcome, self.fail_on, self.config.coverage_floor)

    def finish(self, outcome: Outcome) -> int:
        """Report an outcome and return its exit code."""
        return finish(outcome, self.options, self.fail_on, self.config.coverage_floor)

    @property
    def fail_on(self) -> str:
        """Severity that fails the command."""
        return str(self.options.fail_on or self.config.fail_on)


def run(options: argparse.Namespace) -> int:
    """Apply the patches to the trees, and report the findings that they add and resolve."""
    config = config_of(options)
    report_files(options)  # what is wrong with them is said before the work
    _check_fixing(options)
    _check_summary(options)
    texts = tuple(PatchText(*text) for text in patch_texts(options.files))
    setting = _Setting(options, config, trees_around(options, config), rules_of(options, config, whole=False))
    rules = setting.rules
    patched = setting.apply(texts)
    if not patched:
        return finish(nothing(rules, "the patch touches no file that caplint reads"), options, "never", 0.0)
    outcomes = recalled_all(
        [entry.trees for entry in patched],
        rules,
        config,
        lambda: setting.compare(patched),
        partial(_asked, patched),
    )
    outcomes = [replace(outcome, configuration=config.source) for outcome in outcomes]
    if options.fix:
        return setting.finish(_fix(texts, patched, outcomes, setting))
    if options.diff:
        return _print_fixes(patched, outcomes, setting)
    if options.summary:
        return _summarise(patched, outcomes, setting)
    return _report(patched, outcomes, setting)


def _report(patched: list[PatchedTrees], outcomes: list[Outcome], setting: _Setting) -> int:
    """Report the outcomes of all series and return the exit code."""
    options = setting.options
    if options.diff_only:
        outcomes = [_partial(outcome) for outcome in outcomes]
    if options.output_format != "text" or any(not file.format for file in report_files(options)):
        return setting.finish(_together(outcomes))
    write_files(_together(outcomes), options)
    statuses = []
    for entry, outcome in zip(patched, outcomes, strict=True):
        if len(patched) > 1:
            print(f"With {safe(_names(entry))}:\n")
        statuses.append(report(outcome, options, setting.fail_on, setting.config.coverage_floor))
        if options.diff_only:
            print("Only the diff hunks were analysed, not the rest of the patched trees.")
    return FOUND if FOUND in statuses else max(statuses)


def _check_fixing(options: argparse.Namespace) -> None:
    """Raise `CaplintError` for options of fixes that do not fit."""
    if is_asked(options) and options.diff_only:
        raise CaplintError("fixes need whole files, and --diff-only reads none; leave one of them out")
    if options.fix != (options.output is not None):
        raise CaplintError("--fix writes the corrected patches to a directory: use both, --fix -o DIR")


def _check_summary(options: argparse.Namespace) -> None:
    """Raise `CaplintError` for options that do not fit --summary."""
    formats = choices("patch --summary")
    if options.summary and (is_asked(options) or options.diff_only or options.statistics or options.output_file):
        raise CaplintError("--summary goes to standard output alone, and needs whole files; leave the other option out")
    if options.summary and options.output_format not in formats:
        raise CaplintError(f"--summary is shown as {' or '.join(formats)}, not as {options.output_format}")


def _summarise(patched: list[PatchedTrees], outcomes: list[Outcome], setting: _Setting) -> int:
    """Print the summaries of all series and return the exit code."""
    from caplint.inventory.series_summary import summary_of  # noqa: PLC0415 - most runs have none
    from caplint.report.series_summary import SummarisedSeries  # noqa: PLC0415

    series = []
    with progress() as show:
        for entry, outcome in zip(patched, outcomes, strict=True):
            series.append((_names(entry), summary_of(entry.trees, outcome.findings, setting.config, show)))
    together = _together(outcomes)
    write_output(SummarisedSeries(together, series), "patch --summary", setting.options)
    return setting.status(together)


def _fix(
    texts: tuple[PatchText, ...], patched: list[PatchedTrees], outcomes: list[Outcome], setting: _Setting
) -> Outcome:
    """Write the corrected patches; return the outcome of these."""
    from caplint.cli.corrected import targets, write  # noqa: PLC0415 - most runs fix nothing
    from caplint.engine.series_fixes import fix_series, only, refuse_equal_names  # noqa: PLC0415

    only(patched)
    refuse_equal_names(texts)
    places = targets(texts, setting.options.output)
    mended = fix_series(
        texts,
        outcomes[0],
        lambda texts: only(setting.apply(texts, lambda _: None)),
        lambda laid: setting.compare([laid])[0],
    )
    tell_refused(mended.refused)
    tell_left(mended.outcome.findings, setting.rules, mended.refused)
    write(mended.state, places)
    sys.stderr.write(f"fixed {plural(len(mended.fixed), 'finding')}\n")
    return mended.outcome


def _print_fixes(patched: list[PatchedTrees], outcomes: list[Outcome], setting: _Setting) -> int:
    """Print the fixes on top of the patches; return the exit code."""
    for number, (entry, outcome) in enumerate(zip(patched, outcomes, strict=True)):

        def check(trees: list[Tree], number: int = number) -> Outcome:
            laid = [replace(other, trees=trees) if at == number else other for at, other in enumerate(patched)]
            return setting.compare(laid)[number]

        fixed(entry.trees, outcome, check, setting.options)
    return setting.status(_together(outcomes))


def _computed(patched: list[PatchedTrees], rules: list[Rule], config: Config) -> list[Outcome]:
    """Compare the patched trees with their bases."""
    from caplint.engine.compare import compare_series  # noqa: PLC0415 - most of the program
    from caplint.rules.page import parse  # noqa: PLC0415

    parse(rules)
    with progress() as show:
        return compare_series(patched, rules, config, show)


def _asked(patched: list[PatchedTrees], known: States) -> str | None:
    """Return the cache key part beside the trees: series names and the trees after each patch; None if unstable."""
    steps = [
        (step.series, step.ordinal, step.patch, name, tree.state_id(known))
        for entry in patched for steps in entry.steps for step in steps for name, tree in sorted(step.trees.items())
    ]  # fmt: skip
    return None if any(step[-1] is None for step in steps) else repr((list(map(_names, patched)), steps))


def _names(patched: PatchedTrees) -> str:
    return " and ".join(series.label for series in patched.series)


def _partial(outcome: Outcome) -> Outcome:
    """Mark every finding of an outcome as based on the diff alone."""
    added, resolved = (
        [replace(found, message=f"{found.message} (seen in the diff alone)") for found in findings]
        for findings in (outcome.findings, outcome.resolved or [])
    )
    return replace(outcome, findings=added, resolved=resolved)


def _together(outcomes: list[Outcome]) -> Outcome:
    """Merge outcomes into one; trees and coverage are those of the first."""
    return replace(
        outcomes[0],
        findings=sorted((found for outcome in outcomes for found in outcome.findings), key=sort_key),
        resolved=sorted((found for outcome in outcomes for found in outcome.resolved or ()), key=sort_key),
    )
