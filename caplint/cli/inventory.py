"""caplint inventory"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from caplint.cli.exit_codes import CLEAN
from caplint.cli.named_trees import trees_of
from caplint.cli.options import (
    add_probe,
    add_rule_pages,
    add_trees,
    architecture_of,
    config_of,
    progress,
    rules_of,
    style_of,
)
from caplint.cli.pager import paged
from caplint.inventory.select import ONLY, select, within
from caplint.trees.detect import parse_tree, tree_of
from caplint.util.errors import CaplintError
from caplint.util.escape import json_text

if TYPE_CHECKING:
    from caplint.config.settings import Config
    from caplint.engine.outcome import Outcome
    from caplint.inventory.difference import InventoryDifference
    from caplint.inventory.model import Inventory
    from caplint.trees.tree import Tree

FORMATS = ("text", "json", "csv", "markdown", "html")


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
    parser.add_argument("--output-format", choices=FORMATS, default="text", help="default: text")
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
        _print_changes(within(inventory, archs, names), within(before, archs, names), options)
    elif options.output_format == "html":
        from caplint.report.inventory.page import page  # noqa: PLC0415 - Jinja2, for this format only

        sys.stdout.write(page(chosen, outcome))
    else:
        _print(chosen, options)
    return CLEAN


def _built(options: argparse.Namespace, config: Config, trees: list[Tree]) -> tuple[Inventory, Outcome]:
    from caplint.inventory.builder import build  # noqa: PLC0415 - most of the program

    paths = options.output_format in {"json", "html"} and not options.compare
    with progress() as show:
        return build(trees, rules_of(options, config), config, show, paths=paths, deep=options.deep)


def _compared(words: list[str]) -> list[Tree]:
    return [parse_tree(word) if "=" in word else tree_of(word) for word in words]


def _print(inventory: Inventory, options: argparse.Namespace) -> None:
    from caplint.report.inventory import data, rows, table  # noqa: PLC0415

    if options.output_format == "text":
        paged(table.lines(inventory, style_of(options)), wanted=not options.no_pager)
        return
    formats: dict[str, Callable[[], str]] = {
        "json": lambda: json_text(data.as_object(inventory), indent=2) + "\n",
        "csv": lambda: rows.csv_text(inventory),
        "markdown": lambda: rows.markdown_text(inventory),
    }
    sys.stdout.write(formats[options.output_format]())


def _print_changes(after: Inventory, before: Inventory, options: argparse.Namespace) -> None:
    from caplint.inventory.difference import difference  # noqa: PLC0415
    from caplint.report.inventory import data, rows, table  # noqa: PLC0415

    found: InventoryDifference = difference(before, after)
    if options.output_format == "text":
        paged(table.changes(found, style_of(options)), wanted=not options.no_pager)
    elif options.output_format == "json":
        print(json_text(data.difference_object(found), indent=2))
    elif options.output_format == "markdown":
        sys.stdout.write(rows.changes_markdown(found))
    else:
        raise CaplintError(f"--compare is shown as text, json or markdown, not as {options.output_format}")
