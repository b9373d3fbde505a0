"""List of rules by subject, for caplint rules."""

from __future__ import annotations

import json
import re
import textwrap
from itertools import groupby
from typing import NamedTuple, TextIO

from caplint.report.style import Style
from caplint.report.wording import plural
from caplint.rules.page import Rule

_SUBJECTS = {
    "1": "numbers, constants and layouts of headers",
    "2": "the kernel's handlers",
    "3": "model-specific registers",
    "4": "the VMM",
    "5": "documentation and self-tests",
    "6": "patches and series",
}
"""Hundreds of the codes of shipped rules, and the subjects of these rules."""
_OWN = "further rules"
_SHIPPED = re.compile(r"CAP(\d)\d\d")
_WIDTH = 100


class RuleList(NamedTuple):
    """Rules, and the codes of those that the configuration ignores or does not select."""

    rules: list[Rule]
    ignored: tuple[str, ...]
    history: bool = False
    """Whether to show the public faults that each rule would have caught."""


def subject(rule: Rule) -> str:
    """Return the subject of a group of rules; `further rules` for a page of the user's own."""
    match = _SHIPPED.fullmatch(rule.code)
    return _SUBJECTS.get(match[1], _OWN) if match else _OWN


def write_text(found: RuleList, out: TextIO, style: Style) -> None:
    """Write one line per rule, by subject, and with `history` the faults below it."""
    width = max((len(rule.name) for rule in found.rules), default=0)
    for name, rules in groupby(sorted(found.rules, key=lambda rule: subject(rule) == _OWN), subject):
        out.write(f"{style('bold', name)}\n")
        for rule in rules:
            severity = style(rule.severity, f"{rule.severity:<7}")
            ignored = " (ignored)" if rule.code in found.ignored else ""
            head = f"{style('bold', rule.code)}  {severity}  {rule.name:<{width}}"
            out.write(f"  {head}  {'fix' if rule.fix else '':<3}  {rule.title}{ignored}\n")
            for fault in rule.history if found.history else ():
                lines = textwrap.wrap(
                    fault, _WIDTH, initial_indent="      - ", subsequent_indent="        ", break_on_hyphens=False
                )
                out.writelines(f"{line}\n" for line in lines)
    faults = sum(len(rule.history) for rule in found.rules)
    out.write(f"\n{len(found.rules)} rules; `caplint explain CODE` shows the page of a rule\n")
    if any(rule.fix for rule in found.rules):
        out.write("fix: caplint can make repairs itself; `check --diff` shows them, `check --fix` makes them\n")
    if faults and not found.history:
        out.write(f"`--history` shows {plural(faults, 'public fault')} that they would have caught\n")


def write_json(found: RuleList, out: TextIO, _: Style) -> None:
    """Write a list of objects with the fields of the pages' front matter, subjects, titles and public faults."""
    keys = ("code", "name", "severity", "in_patch", "needs", "since", "fix", "title", "history")
    objects = [{**{key: getattr(rule, key) for key in keys}, "subject": subject(rule)} for rule in found.rules]
    out.write(json.dumps(objects, indent=2) + "\n")
