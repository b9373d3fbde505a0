"""Options that several commands share, and what they mean."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from caplint import rules as rule_pages
from caplint import share
from caplint.config import Config, load
from caplint.errors import CaplintError
from caplint.report.style import Style, style_for
from caplint.rules import Rule
from caplint.trees.detect import detect, directory_tree, parse_tree
from caplint.trees.tree import Tree


def add_config(parser: argparse.ArgumentParser) -> None:
    """--config, --jobs, --color."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="use this configuration (default: caplint.toml, found upward)",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="processes to read files with (default: one per processor)",
    )
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colour the output (default: on a terminal)",
    )


def add_trees(parser: argparse.ArgumentParser) -> None:
    """The tree options that every command takes."""
    trees = parser.add_argument_group("trees")
    trees.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="a kernel, QEMU, libvirt or kvmtool tree; which one is found out",
    )
    trees.add_argument("--kernel", metavar="DIR", help="a Linux tree")
    trees.add_argument("--qemu", metavar="DIR", help="a QEMU tree")
    trees.add_argument("--libvirt", metavar="DIR", help="a libvirt tree")
    trees.add_argument(
        "--tree",
        action="append",
        default=[],
        metavar="NAME=ROLE:PATH",
        help="any tree; roles: kernel, vmm, manager, reference",
    )
    add_config(parser)


def add_rule_pages(parser: argparse.ArgumentParser) -> None:
    """--rules."""
    parser.add_argument(
        "--rules",
        action="append",
        default=[],
        metavar="DIR",
        help="also use the rule pages of this directory",
    )


def add_rules(parser: argparse.ArgumentParser) -> None:
    """--rules and --select."""
    add_rule_pages(parser)
    parser.add_argument(
        "--select",
        action="append",
        default=[],
        metavar="CODE",
        help="run only these rules, by code or name; a list with commas, or given several times",
    )


def config_of(options: argparse.Namespace) -> Config:
    """The configuration in force, with what the command line says of it."""
    config = load(options.config)
    if options.jobs is not None:
        if options.jobs < 1:
            raise CaplintError(f"--jobs {options.jobs}: must be at least 1")
        config = replace(config, jobs=options.jobs)
    return config


def trees_of(options: argparse.Namespace, config: Config) -> list[Tree]:
    """The trees that the command line names, else those of the configuration."""
    trees: list[Tree] = []
    for path, name, role in (
        (options.kernel, "kernel", "kernel"),
        (options.qemu, "qemu", "vmm"),
        (options.libvirt, "libvirt", "manager"),
    ):
        if path is not None:
            trees.append(directory_tree(path, role, name))
    trees += [directory_tree(path) for path in options.paths]
    trees += [parse_tree(option) for option in options.tree]
    given = {tree.role for tree in trees}
    for entry in config.trees:
        if entry.role in given:
            continue
        tree = directory_tree(entry.path, entry.role, entry.name)
        if tree.role not in given:
            trees.append(tree)
    if not trees:
        raise CaplintError(
            "no tree given; name a directory, or use --kernel, --qemu, --libvirt, or [trees] in caplint.toml"
            + _hint(Path())
        )
    names = [tree.name for tree in trees]
    for name in names:
        if names.count(name) > 1:
            raise CaplintError(f"two trees are named {name}; name one of them with --tree NAME=ROLE:PATH")
    return trees


def rules_of(options: argparse.Namespace, config: Config) -> list[Rule]:
    """The shipped rules and the user's, or those of them that were selected."""
    rules = rule_pages.load(
        [
            share.RULES,
            *(Path(directory) for directory in (*config.rules, *getattr(options, "rules", ()))),
        ]
    )
    for code in config.ignore:
        rule_pages.find(rules, code)
    for entry in config.suppress:
        rule_pages.find(rules, entry.code)
    if selected := getattr(options, "select", None):
        codes = {rule_pages.find(rules, code).code for word in selected for code in word.split(",")}
        return [rule for rule in rules if rule.code in codes]
    return rules


def _hint(directory: Path) -> str:
    """What to type where the working directory is a tree itself."""
    try:
        return f"; the working directory is one ({detect(directory).title}): name it as ."
    except CaplintError:
        return ""


def style_of(options: argparse.Namespace) -> Style:
    """How standard output is coloured."""
    return style_for(sys.stdout, options.color)


@contextmanager
def progress() -> Iterator[Callable[[int, int], None]]:
    """A progress bar for reading files, on a terminal; it shows up only once there is something to read."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import Progress, TaskID  # noqa: PLC0415

    bar = Progress(console=Console(stderr=True), transient=True)
    task: list[TaskID] = []

    def show(done: int, total: int) -> None:
        if not task:
            bar.start()
            task.append(bar.add_task("reading", total=total))
        bar.update(task[0], completed=done)

    try:
        yield show
    finally:
        bar.stop()
