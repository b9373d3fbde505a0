"""List of rules, for caplint rules."""

from __future__ import annotations

import json
from typing import NamedTuple, TextIO

from caplint.report.style import Style
from caplint.rules.page import Rule


class RuleList(NamedTuple):
    """Rules, and the codes and names that the configuration ignores."""

    rules: list[Rule]
    ignored: tuple[str, ...]


def write_text(found: RuleList, out: TextIO, style: Style) -> None:
    """Write one line per rule."""
    width = max((len(rule.name) for rule in found.rules), default=0)
    for rule in found.rules:
        severity = style(rule.severity, f"{rule.severity:<7}")
        ignored = " (ignored)" if any(rule.is_called(word) for word in found.ignored) else ""
        out.write(f"{style('bold', rule.code)}  {severity}  {rule.name:<{width}}  {rule.title}{ignored}\n")
    out.write(f"\n{len(found.rules)} rules; `caplint explain CODE` shows the page of a rule\n")


def write_json(found: RuleList, out: TextIO, _: Style) -> None:
    """Write a list of objects with the fields of the pages' front matter, and the titles."""
    keys = ("code", "name", "severity", "in_patch", "needs", "since", "title")
    out.write(json.dumps([{key: getattr(rule, key) for key in keys} for rule in found.rules], indent=2) + "\n")
