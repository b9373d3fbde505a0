"""caplint inventory"""

from __future__ import annotations

import argparse
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.cli.exit_codes import CLEAN
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
    warn,
    write_output,
)
from caplint.cli.pager import paged
from caplint.inventory.select import ONLY, select, within
from caplint.report import choices, writer
from caplint.trees.detect import parse_tree, tree_of
from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from caplint.config.settings import Config
    from caplint.engine.outcome import Outcome
    from caplint.history.model import CapabilityHistory
    from caplint.inventory.model import Inventory
    from caplint.machine.strace_log import StraceLog
    from caplint.trees.tree import Tree


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_trees(parser)
    add_rule_pages(parser)
    add_probe(parser)
    parser.add_argument("--arch", action="append", default=[], help="keep only this architecture; may be repeated")
    parser.add_argument(
        "--cap",
        action="append",
        default=[],
        metavar="GLOB",
        help="keep only matching capabilities, such as KVM_CAP_X86_* or x86_*; may be repeated",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        choices=ONLY,
        metavar="WORD",
        help="keep capabilities matching WORD; repeat to require several: "
        + "; ".join(f"{k}: {v[0]}" for k, v in ONLY.items()),
    )
    parser.add_argument(
        "--compare",
        action="append",
        default=[],
        metavar="DIR[@REV]",
        help="show changes since this older tree (or NAME=ROLE:DIR); may be repeated for a second set of trees",
    )
    parser.add_argument(
        "--deep", action="store_true", help="json, html: paths from the program's entry, over the whole call graph"
    )
    parser.add_argument(
        "--history",
        metavar="FILE",
        help="html: also show each capability's history, which `caplint history --output-format json` wrote to FILE "
        "(-: standard input)",
    )
    parser.add_argument(
        "--trace",
        action="append",
        default=[],
        metavar="FILE",
        type=Path,
        help="also show the checks and enables of a VMM, from a log of strace as `caplint trace` reads it; may be "
        "repeated",
    )
    add_output_format(parser, "inventory")
    parser.add_argument("--no-pager", action="store_true", help="print long tables without a pager")


def run(options: argparse.Namespace) -> int:
    """Print the inventory, or the changes since the trees of --compare."""
    config = config_of(options)
    archs = [architecture_of(word) for word in options.arch]
    history = _history(options)
    logs = _logs(options)
    trees = trees_of(options, config)
    inventory, outcome = _built(options, config, trees)
    if logs:
        from caplint.inventory.traced import add_traces  # noqa: PLC0415

        for remark in add_traces(inventory, logs):
            warn(remark)
    chosen = select(inventory, archs, options.cap, options.only)
    if options.compare:
        before, _ = _built(options, config, _compared(options.compare))
        sides = [chosen, select(before, archs, options.cap, options.only)]
        names = {cap.name for side in sides for cap in side.capabilities}
        from caplint.inventory.difference import difference  # noqa: PLC0415

        changes = difference(within(before, archs, names), within(inventory, archs, names))
        _print(changes, "inventory --compare", options)
    else:
        from caplint.report.inventory.formats import Built  # noqa: PLC0415

        _print(Built(chosen, outcome, history), "inventory", options)
    return CLEAN


def _logs(options: argparse.Namespace) -> list[tuple[str, StraceLog]]:
    if options.trace and options.compare:
        raise CaplintError("--trace is shown in an inventory, not in a comparison: leave out --compare")
    if not options.trace:
        return []
    from caplint.machine.strace_file import read_log  # noqa: PLC0415 - few inventories have one

    return [(str(path), read_log(path)) for path in options.trace]


def _built(options: argparse.Namespace, config: Config, trees: list[Tree]) -> tuple[Inventory, Outcome]:
    from caplint.history.since import add_releases  # noqa: PLC0415 - imports most of the program
    from caplint.inventory.builder import build  # noqa: PLC0415

    paths = options.output_format in {"json", "html"} and not options.compare
    with progress() as show:
        inventory, outcome = build(trees, rules_of(options, config), config, show, paths=paths, deep=options.deep)
    for remark in add_releases(inventory, trees):
        warn(remark)
    return inventory, outcome


def _history(options: argparse.Namespace) -> CapabilityHistory | None:
    if options.history is None:
        return None
    if options.output_format != "html" or options.compare:
        raise CaplintError("--history is shown in the inventory's page: add --output-format html, without --compare")
    from caplint.history.saved import read  # noqa: PLC0415 - few inventories show one

    return read(options.history)


def _compared(words: list[str]) -> list[Tree]:
    return [parse_tree(word) if "=" in word else tree_of(word) for word in words]


def _print(result: object, kind: str, options: argparse.Namespace) -> None:
    """Print an inventory or its changes; text goes through a pager."""
    if options.output_format not in choices(kind):
        *others, last = choices(kind)
        raise CaplintError(f"--compare is shown as {', '.join(others)} or {last}, not as {options.output_format}")
    if options.output_format != "text":
        write_output(result, kind, options)
        return
    text = StringIO()
    writer(kind, "text")(result, text, style_of(options))
    paged(text.getvalue(), wanted=not options.no_pager)
