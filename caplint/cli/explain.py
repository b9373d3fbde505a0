"""caplint explain"""

from __future__ import annotations

import argparse
import sys
from io import StringIO
from typing import TYPE_CHECKING, TextIO

from caplint.cli.exit_codes import CLEAN
from caplint.cli.options import add_rule_pages, add_trees, config_of, progress, rules_of, style_of, trees_of
from caplint.cli.pager import paged
from caplint.knowledge.capability_names import PREFIX
from caplint.rules import page as rule_pages
from caplint.util.errors import CaplintError
from caplint.util.suggest import hint, nearest

if TYPE_CHECKING:
    from caplint.config.settings import Config


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("subject", metavar="CODE|KVM_CAP_X", help="code or name of a rule, or a capability")
    add_trees(parser, purpose="source trees to look a capability up in (default: that of the working directory)")
    add_rule_pages(parser)
    parser.add_argument("--query", action="store_true", help="show the SQL query of the rule too, at the end")
    parser.add_argument("--no-pager", action="store_true", help="print a long page without a pager")


def run(options: argparse.Namespace) -> int:
    """Show the page of a rule or the card of a capability; long text goes through a pager."""
    config = config_of(options)
    text = StringIO()
    if options.subject.upper().startswith(PREFIX):
        _write_card(options.subject.upper(), options, config, text)
    else:
        _write_page(options, config, text)
    paged(text.getvalue(), wanted=not options.no_pager)
    return CLEAN


def _write_page(options: argparse.Namespace, config: Config, out: TextIO) -> None:
    if options.paths:
        raise CaplintError(f"{options.paths[0]}: a rule needs no trees; only KVM_CAP_X is looked up in them")
    from caplint.report.rule_page import RulePage, write  # noqa: PLC0415

    rule = rule_pages.find(rules_of(options, config, whole=False), options.subject)
    write(RulePage(rule, options.query), out, style_of(options), terminal=sys.stdout.isatty())


def _write_card(name: str, options: argparse.Namespace, config: Config, out: TextIO) -> None:
    if options.query:
        raise CaplintError(f"--query shows the query of a rule, but {name} is a capability")
    from caplint.inventory.builder import build  # noqa: PLC0415 - imports most of the program
    from caplint.inventory.card import card_of  # noqa: PLC0415
    from caplint.report.card import ShownCard, write  # noqa: PLC0415

    with progress() as show:
        inventory, outcome = build(trees_of(options, config), rules_of(options, config), config, show)
    by_name = {cap.name: cap for cap in inventory.capabilities}
    if name not in by_name:
        near = hint(nearest(name, by_name), "`caplint inventory` lists all capabilities")
        raise CaplintError(f"{name}: no header in view defines it{near}")
    write(ShownCard(card_of(by_name[name], inventory), outcome.trees), out, style_of(options))
