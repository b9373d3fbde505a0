"""caplint path"""

from __future__ import annotations

import argparse

from caplint.cli.exit_codes import CLEAN
from caplint.cli.options import (
    add_output_format,
    add_trees,
    architecture_of,
    config_of,
    progress,
    trees_of,
    warn,
    write_output,
)
from caplint.config.settings import Config
from caplint.graph.msr_names import is_msr
from caplint.graph.path_cache import Question
from caplint.graph.path_lookup import find_paths, macro_lines, whole_graphs
from caplint.report import choices
from caplint.report.paths import PathAnswer
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

# Number of ways that `--all` shows for each use.
MOST = 8


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_trees(parser, metavar="KVM_CAP_X|KVM_IOCTL|MSR_X|PATH", purpose="capability, ioctl or MSR, and source trees")
    parser.add_argument(
        "--from",
        dest="start",
        metavar="FUNC",
        help="start at FUNC instead of the program's entry point (with libvirt: cmdStart of virsh, else main)",
    )
    parser.add_argument(
        "--to", dest="goal", metavar="FUNC", help="show how FUNC is reached (a function, instead of a capability)"
    )
    parser.add_argument(
        "--all", action="store_true", help=f"show up to {MOST} paths for each use, not only the best one"
    )
    parser.add_argument("--all-functions", action="store_true", help="print the whole call graph of every tree")
    parser.add_argument("--arch", help="use only code that is compiled for this architecture")
    parser.add_argument(
        "--patch",
        action="append",
        default=[],
        metavar="FILE",
        help="apply the patches of FILE to the trees in memory first; may be repeated, in the order of the series",
    )
    parser.add_argument(
        "--expand", action="store_true", help="text: show the definitions of macros on the paths, each once"
    )
    add_output_format(parser, "path")


def run(options: argparse.Namespace) -> int:
    """Find the call paths and print them."""
    names = [word for word in options.paths if word.startswith("KVM_") or is_msr(word)]
    options.paths = [word for word in options.paths if word not in names]
    config = config_of(options)
    if options.all_functions:
        options.arch = None if options.arch is None else architecture_of(options.arch)
        return _whole(options, config, names)
    if len(names) + (options.goal is not None) != 1:
        raise CaplintError("name one capability, ioctl or MSR, or a function with --to; see caplint path --help")
    for option, function in (("--to", options.goal), ("--from", options.start)):
        if function is not None and not function.isidentifier():
            raise CaplintError(f"{option} {function!r} is not a function name; write an identifier of C")
    options.arch = None if options.arch is None else architecture_of(options.arch)
    question = Question(
        options.goal or names[0], options.arch, options.start, MOST if options.all else 1, options.goal is not None
    )
    trees = _patched(options, trees_of(options, config))
    paths = find_paths(question, trees, config, progress)
    definitions = macro_lines(paths, trees) if options.expand else {}
    write_output(PathAnswer(question, paths, definitions), "path", options)
    return CLEAN


def _patched(options: argparse.Namespace, trees: list[Tree]) -> list[Tree]:
    """Return the trees with the patches of --patch applied, all as one series. Raises `CaplintError`."""
    if not options.patch:
        return trees
    from caplint.trees.patch_files import patch_texts  # noqa: PLC0415 - few questions are about patches
    from caplint.trees.patch_text import PatchText  # noqa: PLC0415
    from caplint.trees.series import apply_series, read_series  # noqa: PLC0415

    texts = [PatchText(*text) for text in patch_texts(options.patch)]
    laid = apply_series(read_series(texts, warn, in_order=True), trees, None, warn)
    if not any(tree.patch_files for patched in laid for tree in patched.trees):
        raise CaplintError("--patch: the patches touch no file that caplint reads")
    return [tree.without_base() if isinstance(tree, OverlayTree) else tree for tree in laid[0].trees]


def _whole(options: argparse.Namespace, config: Config, names: list[str]) -> int:
    formats = choices("path --all-functions")
    others_given = names or options.patch or options.expand or options.goal or options.start
    if others_given or options.output_format not in formats:
        *others, last = formats
        raise CaplintError(f"--all-functions takes trees, --arch, and the formats {', '.join(others)} and {last}")
    write_output(whole_graphs(trees_of(options, config), config, options.arch), "path --all-functions", options)
    return CLEAN
