"""caplint path"""

from __future__ import annotations

import argparse

from caplint.cli.main import CLEAN
from caplint.cli.options import (
    add_output_format,
    add_trees,
    architecture_of,
    config_of,
    progress,
    trees_of,
    write_output,
)
from caplint.config import Config
from caplint.errors import CaplintError
from caplint.graph.answers import Question
from caplint.graph.path_lookup import find_paths, whole_graphs
from caplint.report import choices

# How many ways `--all` shows of one use.
MOST = 8


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_trees(parser, metavar="KVM_CAP_X|KVM_IOCTL|PATH", purpose="the capability or ioctl, and trees")
    parser.add_argument("--from", dest="start", metavar="FUNC", help="begin here instead of at the program's entry")
    parser.add_argument(
        "--to", dest="goal", metavar="FUNC", help="how FUNC is reached; names a function, not a capability"
    )
    parser.add_argument("--all", action="store_true", help=f"show up to {MOST} ways of each use, not only the best one")
    parser.add_argument("--all-functions", action="store_true", help="the whole call graph of every tree")
    parser.add_argument("--arch", help="only what is compiled for this architecture")
    add_output_format(parser, "path")


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
    found = find_paths(question, trees_of(options, config), config, progress)
    write_output((question, found), "path", options)
    return CLEAN


def _whole(options: argparse.Namespace, config: Config, names: list[str]) -> int:
    formats = choices("path --all-functions")
    if names or options.goal or options.start or options.output_format not in formats:
        *others, last = formats
        raise CaplintError(f"--all-functions takes trees, --arch, and the formats {', '.join(others)} and {last}")
    write_output(whole_graphs(trees_of(options, config), config, options.arch), "path --all-functions", options)
    return CLEAN
