"""Fixers by the name that rule pages give in `fix`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from caplint.util.errors import CaplintError
from caplint.util.suggest import suggestion

if TYPE_CHECKING:
    from caplint.fixes.workbench import Fixer
    from caplint.rules.page import Rule

FIXERS = {
    "checked-result": "checked_result",
    "defined-name": "defined_name",
    "missing-break": "missing_break",
    "next-free-number": "next_number",
    "scope-line": "scope_line",
    "section-fields": "section_fields",
    "section-number": "section_number",
}
"""Name → module below `caplint.fixes`, imported on use, whose function `propose` is the fixer."""


def fixer_name(rule: Rule) -> str:
    """Return the name of the fixer of a page that has one. Raises `CaplintError` for an unknown name."""
    name = rule.fix or ""
    if name not in FIXERS:
        raise CaplintError(
            f"{rule.path}: front matter: fix: unknown fixer {name!r:.100}"
            + suggestion(name, FIXERS, otherwise=f"known are {', '.join(FIXERS)}")
        )
    return name


def fixer(name: str) -> Fixer:
    """Return the fixer of a known name."""
    function: Fixer = import_module(f"caplint.fixes.{FIXERS[name]}").propose
    return function
