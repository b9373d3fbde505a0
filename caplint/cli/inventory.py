"""caplint inventory"""

from __future__ import annotations

import argparse
from io import StringIO
from typing import TYPE_CHECKING

from caplint.cli.main import CLEAN
from caplint.cli.options import (
    add_output_format,
    add_probe,
    add_rule_pages,
    add_trees,
    architecture_of,
    config_of,
    progress,
    rules_of,
    style_of,
    trees_of,
    write_output,
)
from caplint.cli.pager import paged
from caplint.errors import CaplintError
from caplint.inventory.select import ONLY, select, within
from caplint.report import choices, writer
from caplint.trees.detect import parse_tree, tree_of

if TYPE_CHECKING:
    from caplint.config import Config
    from caplint.inventory.model import Inventory
    from caplint.outcome import Outcome
    from caplint.trees.tree import Tree


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_trees(parser)
    add_rule_pages(parser)
    add_probe(parser)
    parser.add_argument("--arch", action="append", default=[], help="only this architecture; may be repeated")
    parser.add_argument(
        "--cap",
        action="append",
        default=[],
        metavar="GLOB",
        help="only these: KVM_CAP_X86_*, or x86_*; may be repeated",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        choices=ONLY,
        metavar="WORD",
        help="only what is so, several times for all of them: " + "; ".join(f"{k}: {v[0]}" for k, v in ONLY.items()),
    )
    parser.add_argument(
        "--compare",
        action="append",
        default=[],
        metavar="DIR[@REV]",
        help="what came, went and changed since this tree, or NAME=ROLE:DIR; may be repeated for a second set of trees",
    )
    parser.add_argument(
        "--deep", action="store_true", help="json, html: paths from the program's entry, over the whole call graph"
    )
    add_output_format(parser, "inventory")
    parser.add_argument("--no-pager", action="store_true", help="print a long table as it is")


def run(options: argparse.Namespace) -> int:
    """Print the inventory, or what changed."""
    config = config_of(options)
    archs = [architecture_of(word) for word in options.arch]
    trees = trees_of(options, config)
    inventory, outcome = _built(options, config, trees)
    chosen = select(inventory, archs, options.cap, options.only)
    if options.compare:
        before, _ = _built(options, config, _compared(options.compare))
        meant = [chosen, select(before, archs, options.cap, options.only)]
        names = {cap.name for one in meant for cap in one.capabilities}
        from caplint.inventory.difference import difference  # noqa: PLC0415

        changes = difference(within(before, archs, names), within(inventory, archs, names))
        _print(changes, "inventory --compare", options)
    else:
        from caplint.report.inventory.formats import Built  # noqa: PLC0415

        _print(Built(chosen, outcome), "inventory", options)
    return CLEAN


def _built(options: argparse.Namespace, config: Config, trees: list[Tree]) -> tuple[Inventory, Outcome]:
    from caplint.inventory.build import build  # noqa: PLC0415 - most of the program

    paths = options.output_format in {"json", "html"} and not options.compare
    with progress() as show:
        return build(trees, rules_of(options, config), config, show, paths=paths, deep=options.deep)


def _compared(words: list[str]) -> list[Tree]:
    return [parse_tree(word) if "=" in word else tree_of(word) for word in words]


def _print(found: object, kind: str, options: argparse.Namespace) -> None:
    """Print an inventory or its changes, the text for people through a pager."""
    if options.output_format not in choices(kind):
        *others, last = choices(kind)
        raise CaplintError(f"--compare is shown as {', '.join(others)} or {last}, not as {options.output_format}")
    if options.output_format != "text":
        write_output(found, kind, options)
        return
    text = StringIO()
    writer(kind, "text")(found, text, style_of(options))
    paged(text.getvalue(), wanted=not options.no_pager)
