"""caplint baseline"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from caplint.cli.check import outcome_of
from caplint.cli.exit_codes import CLEAN
from caplint.cli.options import add_rule_pages, add_trees, config_of, rules_of, trees_of
from caplint.engine import baseline, baseline_file
from caplint.engine.outcome import Outcome
from caplint.findings.finding import SEVERITIES
from caplint.findings.known import Baseline, BaselineEntry
from caplint.report.wording import plural
from caplint.util.atomic_write import replace_file
from caplint.util.errors import CaplintError
from caplint.util.escape import visible

_ACTIONS = {
    "write": "put everything that a check of the trees finds into FILE; reasons that FILE gives are kept",
    "show": "list what FILE holds",
    "prune": "take out of FILE what a check of the trees does not find any more",
}


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, purpose in _ACTIONS.items():
        action = actions.add_parser(name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
        action.add_argument("file", type=Path, metavar="FILE", help="the baseline")
        if name != "show":
            add_trees(action)
            add_rule_pages(action)


def run(options: argparse.Namespace) -> int:
    """Do what was asked for. That there are findings is no failure here."""
    {"write": _write, "show": _show, "prune": _prune}[options.action](options)
    return CLEAN


def _write(options: argparse.Namespace) -> None:
    old = baseline_file.read(options.file) if options.file.exists() else Baseline()
    new = baseline.of_outcome(_check(options), old)
    replace_file(options.file, baseline_file.render(new))
    before, after = ({entry.fingerprint for entry in found.entries} for found in (old, new))
    change = f"; {len(after - before)} new, {len(before - after)} gone" if before else ""
    _say(f"{options.file}: {_tally(new.entries)}{change}")


def _show(options: argparse.Namespace) -> None:
    found = baseline_file.read(options.file)
    for entry in found.entries:
        print(visible(f"{entry.severity} {entry}" + (f": {entry.reason}" if entry.reason else "")))
    print(f"{_tally(found.entries)}; made with {visible(', '.join(found.trees)) or 'no tree'}")


def _prune(options: argparse.Namespace) -> None:
    old = baseline_file.read(options.file)
    outcome = _check(options)
    if missing := baseline.missing_trees(outcome, old):
        raise CaplintError(
            f"{options.file}: was made with {', '.join(old.trees)}; name a tree for {', '.join(missing)} as well, "
            "or findings that need it would be taken for gone"
        )
    gone = baseline.unmatched(outcome, old)
    if gone:
        replace_file(options.file, baseline_file.render(baseline.pruned(old, gone)))
    for entry in gone:
        _say(f"removed: {entry}")
    ran = {rule.code for rule in outcome.rules} - {entry.code for entry in outcome.skipped}
    if unjudged := sum(entry.code not in ran for entry in old.entries):
        _say(f"kept without a look: {plural(unjudged, 'finding')} of rules that did not run")
    _say(f"{options.file}: {len(gone)} removed, {len(old.entries) - len(gone)} kept")


def _check(options: argparse.Namespace) -> Outcome:
    config = config_of(options)
    return outcome_of(trees_of(options, config), rules_of(options, config, whole=False), config)


def _tally(entries: Iterable[BaselineEntry]) -> str:
    counts = Counter(entry.severity for entry in entries)
    return ", ".join(plural(counts[severity], severity) for severity in SEVERITIES)


def _say(text: str) -> None:
    sys.stderr.write(f"{visible(text)}\n")
