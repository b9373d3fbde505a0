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
    "write": "write all findings of a check of the trees to FILE, and keep the reasons that FILE gives",
    "show": "list the findings in FILE",
    "prune": "remove the findings from FILE that a check of the trees no longer reports",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, purpose in _ACTIONS.items():
        action = actions.add_parser(name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
        action.add_argument("file", type=Path, metavar="FILE", help="baseline file")
        if name != "show":
            add_trees(action)
            add_rule_pages(action)


def run(options: argparse.Namespace) -> int:
    """Run the chosen action and return `CLEAN`; findings do not make this command fail."""
    {"write": _write, "show": _show, "prune": _prune}[options.action](options)
    return CLEAN


def _write(options: argparse.Namespace) -> None:
    old = baseline_file.read(options.file) if options.file.exists() else Baseline()
    new = baseline.of_outcome(_check(options), old)
    replace_file(options.file, baseline_file.render(new))
    before, after = ({entry.fingerprint for entry in side.entries} for side in (old, new))
    change = f"; {len(after - before)} new, {len(before - after)} gone" if before else ""
    _say(f"{options.file}: {_tally(new.entries)}{change}")


def _show(options: argparse.Namespace) -> None:
    content = baseline_file.read(options.file)
    for entry in content.entries:
        print(visible(f"{entry.severity} {entry}" + (f": {entry.reason}" if entry.reason else "")))
    print(f"{_tally(content.entries)}; written with {visible(', '.join(content.trees)) or 'no tree'}")


def _prune(options: argparse.Namespace) -> None:
    old = baseline_file.read(options.file)
    outcome = _check(options)
    if missing := baseline.missing_trees(outcome, old):
        raise CaplintError(
            f"{options.file}: was written with {', '.join(old.trees)}; also name a tree for {', '.join(missing)}, "
            "or its findings would be removed"
        )
    gone = baseline.unmatched(outcome, old)
    if gone:
        replace_file(options.file, baseline_file.render(baseline.pruned(old, gone)))
    for entry in gone:
        _say(f"removed: {entry}")
    ran = {rule.code for rule in outcome.rules} - {entry.code for entry in outcome.skipped}
    if unchecked := sum(entry.code not in ran for entry in old.entries):
        _say(f"not checked: {plural(unchecked, 'finding')} whose rules did not run (kept)")
    _say(f"{options.file}: {len(gone)} removed, {len(old.entries) - len(gone)} kept")


def _check(options: argparse.Namespace) -> Outcome:
    config = config_of(options)
    return outcome_of(trees_of(options, config), rules_of(options, config, whole=False), config)


def _tally(entries: Iterable[BaselineEntry]) -> str:
    counts = Counter(entry.severity for entry in entries)
    return ", ".join(plural(counts[severity], severity) for severity in SEVERITIES)


def _say(text: str) -> None:
    sys.stderr.write(f"{visible(text)}\n")
