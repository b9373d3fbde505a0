"""caplint path"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from caplint.cli.exit_codes import CLEAN
from caplint.cli.named_trees import trees_of
from caplint.cli.options import add_trees, architecture_of, config_of, progress
from caplint.config.settings import Config
from caplint.facts.harvest import ExtractionSettings
from caplint.facts.store.store import FactStore
from caplint.graph.path_cache import Question, name_of, packed, unpacked
from caplint.graph.path_model import Path
from caplint.report import paths as report
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError
from caplint.util.escape import json_text

# How many ways `--all` shows of one use.
MOST = 8
_FORMATS: dict[str, Callable[[Question, list[Path]], str]] = {
    "text": lambda question, found: "\n".join(report.text(question.name, found)),
    "json": lambda question, found: json_text(report.as_object(question.name, question.arch, found), indent=2),
    "dot": lambda _, found: "\n".join(report.dot(found)),
}


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_trees(parser)
    for action in parser._actions:
        if action.dest == "paths":
            action.metavar = "KVM_CAP_X|KVM_IOCTL|PATH"
            action.help = "the capability or ioctl, and trees"
    parser.add_argument("--from", dest="start", metavar="FUNC", help="begin here instead of at the program's entry")
    parser.add_argument(
        "--to", dest="goal", metavar="FUNC", help="how FUNC is reached; names a function, not a capability"
    )
    parser.add_argument("--all", action="store_true", help=f"show up to {MOST} ways of each use, not only the best one")
    parser.add_argument("--all-functions", action="store_true", help="the whole call graph of every tree")
    parser.add_argument("--arch", help="only what is compiled for this architecture")
    parser.add_argument("--output-format", choices=(*_FORMATS, "svg"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Find the paths, and print them."""
    names = [word for word in options.paths if word.startswith("KVM_")]
    options.paths = [word for word in options.paths if word not in names]
    config = config_of(options)
    if options.all_functions:
        options.arch = None if options.arch is None else architecture_of(options.arch)
        return _whole(options, config, names)
    if len(names) + (options.goal is not None) != 1:
        raise CaplintError("name one capability, one ioctl, or a function with --to; see caplint path --help")
    for option, function in (("--to", options.goal), ("--from", options.start)):
        if function is not None and not function.isidentifier():
            raise CaplintError(f"{option} {function!r}: is no function's name")
    options.arch = None if options.arch is None else architecture_of(options.arch)
    question = Question(
        options.goal or names[0], options.arch, options.start, MOST if options.all else 1, options.goal is not None
    )
    found = _answer(question, options, config)
    print(_FORMATS.get(options.output_format, _drawn)(question, found))
    return CLEAN


def _answer(question: Question, options: argparse.Namespace, config: Config) -> list[Path]:
    """From memory where the same was asked before, else from the sources."""
    trees = trees_of(options, config)
    reading = ExtractionSettings(config.repairs, config.jobs)
    store = FactStore(config.store_path)
    try:
        name = name_of(question, trees, store, reading)
        known = store.recall(name)
        if known is not None:
            return unpacked(known)
    finally:
        store.close()
    return _found(question, trees, config, name)


def _found(question: Question, trees: list[Tree], config: Config, name: str) -> list[Path]:
    from caplint.graph.call_graph import Programs  # noqa: PLC0415
    from caplint.graph.paths import Paths  # noqa: PLC0415
    from caplint.session import open_session  # noqa: PLC0415 - only where the answer is not known

    with progress() as show:
        session = open_session(trees, config, show, narrow=question.name)
        try:
            programs = Programs(session, ExtractionSettings(config.repairs, config.jobs))
            found = Paths(programs, question.start, question.most).answer(question)
            session.store.retain(name, packed(found))
        finally:
            session.store.close()
    return found


def _whole(options: argparse.Namespace, config: Config, names: list[str]) -> int:
    from caplint.graph.full_graph import graphs  # noqa: PLC0415
    from caplint.report import graph  # noqa: PLC0415

    if names or options.goal or options.start or options.output_format == "svg":
        raise CaplintError("--all-functions takes trees, --arch, and the formats text, json and dot")
    store = FactStore(config.store_path)
    try:
        found = graphs(trees_of(options, config), store, ExtractionSettings(config.repairs, config.jobs), options.arch)
        graph.write(found, options.output_format, sys.stdout)
    finally:
        store.close()
    return CLEAN


def _drawn(question: Question, found: list[Path]) -> str:
    from caplint.report.drawing import svg  # noqa: PLC0415

    return svg(question.name, found)
