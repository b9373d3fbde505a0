"""caplint explain"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from caplint.cli.exit_codes import CLEAN
from caplint.cli.options import add_config, add_rule_pages, config_of, rules_of
from caplint.rules import page as rule_pages
from caplint.util.escape import visible

if TYPE_CHECKING:
    from markdown_it.token import Token


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("code", metavar="CODE", help="a rule's code or name")
    add_rule_pages(parser)
    add_config(parser)


def run(options: argparse.Namespace) -> int:
    """Show the rule page: rendered on a terminal, as Markdown elsewhere."""
    rule = rule_pages.find(rules_of(options, config_of(options)), options.code)
    patch = f", {rule.in_patch} where a patch brings it" if rule.in_patch else ""
    head = f"{rule.code} {rule.name} · {rule.severity}{patch} · since {rule.since}"
    if rule.needs:
        head += f" · needs {', '.join(rule.needs)}"
    if not sys.stdout.isatty():
        print(f"{head}\n\n{rule.text}", end="")
        return CLEAN
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.markdown import Markdown  # noqa: PLC0415

    console = Console(width=min(100, Console().width), no_color=options.color == "never")
    console.print(head, style="bold", highlight=False)
    console.print()
    page = Markdown(rule.text)
    for token in _tokens(page.parsed):  # an entity may stand for a character that reorders a line
        token.content = "\n".join(map(visible, token.content.split("\n")))
    console.print(page)
    return CLEAN


def _tokens(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _tokens(token.children or ())
