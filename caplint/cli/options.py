"""Options that several commands share, and what they mean."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from caplint import share
from caplint.config import Config, load
from caplint.config_keys import bounded_jobs
from caplint.errors import CaplintError
from caplint.knowledge import knowledge
from caplint.report.style import Style, style_for
from caplint.trees.detect import against, detect, directory_tree, parse_tree, revision_tree, staged_tree, tree_of
from caplint.trees.directory import DirectoryTree
from caplint.trees.tree import Tree

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from caplint.machine.record import Machine
    from caplint.rules import Rule


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


def add_trees(parser: argparse.ArgumentParser, *, bare: bool = True) -> None:
    """The tree options that every command takes; `bare` paths only where nothing else is named so."""
    trees = parser.add_argument_group("trees")
    if bare:
        trees.add_argument(
            "paths",
            nargs="*",
            metavar="PATH",
            help="a kernel, QEMU, libvirt or kvmtool tree; which one is found out",
        )
    trees.add_argument("--kernel", metavar="DIR[@REV]", help="a Linux tree, or a revision of it")
    trees.add_argument("--qemu", metavar="DIR[@REV]", help="a QEMU tree")
    trees.add_argument("--libvirt", metavar="DIR[@REV]", help="a libvirt tree")
    trees.add_argument(
        "--tree",
        action="append",
        default=[],
        metavar="NAME=ROLE:PATH[@REV]",
        help="any tree; roles: kernel, vmm, manager, reference",
    )
    add_config(parser)


def add_base(parser: argparse.ArgumentParser) -> None:
    """--staged and --base."""
    parser.add_argument(
        "--staged",
        action="store_true",
        help="what the index of the tree here (or of the one PATH) changes: only findings that it adds",
    )
    parser.add_argument(
        "--base",
        metavar="REV",
        help="what the tree here (or the one PATH) changes since a revision: findings added and resolved",
    )


def add_probe(parser: argparse.ArgumentParser) -> None:
    """--probe."""
    parser.add_argument(
        "--probe",
        nargs="?",
        action="append",
        const="",
        default=[],
        metavar="FILE",
        help="hold the trees against what this machine's KVM answers, or another's as `caplint probe` recorded it"
        " (-: standard input); may be given several times",
    )


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


def config_of(options: argparse.Namespace, *, trusting: bool = False) -> Config:
    """The configuration in force, with what the command line says of it; `trusting` it, only to be shown."""
    config = load(options.config, trusting=trusting)
    if options.jobs is not None:
        if options.jobs < 1:
            raise CaplintError(f"--jobs {options.jobs}: must be at least 1")
        config = replace(config, jobs=bounded_jobs(options.jobs))
    probes: list[str] = getattr(options, "probe", [])
    return replace(config, machines=_machines(probes, config)) if probes else config


def _machines(probes: list[str], config: Config) -> tuple[Machine, ...]:
    """The machines whose records are given; an empty name is this one."""
    from caplint.machine import record  # noqa: PLC0415 - most runs ask no machine

    machines = [record.read(file) if file else this_machine(config) for file in probes]
    for machine in machines:
        if [other.name for other in machines].count(machine.name) > 1:
            raise CaplintError(f"--probe: two of the machines are called {machine.name}; rename one in its record")
    return tuple(machines)


def this_machine(config: Config, names: dict[int, str] | None = None) -> Machine:
    """What the KVM of this machine answers, as far up as any number may be given out."""
    from caplint.machine import kvm  # noqa: PLC0415
    from caplint.machine.record import LIMIT  # noqa: PLC0415

    highest = max([kvm.LAST, *(high for _, high in config.vendor_range), *(names or {})])
    return kvm.ask(names, min(highest, LIMIT))


def trees_of(options: argparse.Namespace, config: Config) -> list[Tree]:
    """The trees that the command line names, else those of the configuration."""
    trees = _named(options)
    changed = getattr(options, "staged", False) or getattr(options, "base", None) is not None
    if changed and len(options.paths) != 1:
        trees += _tree_here(trees)
    trees = _unambiguous(trees + _configured(config, {tree.role for tree in trees}))
    return _with_base(trees, options) if changed else trees


def trees_around(options: argparse.Namespace, config: Config) -> list[Tree]:
    """The same, and the tree of the working directory, if no other has its role; perhaps none at all."""
    trees = _named(options)
    given = {tree.role for tree in trees}
    trees += [tree for tree in _tree_here(trees) if tree.role not in given]
    trees += _configured(config, {tree.role for tree in trees})
    return _unambiguous(trees) if trees else []


def _named(options: argparse.Namespace) -> list[Tree]:
    trees: list[Tree] = []
    for path, name, role in (
        (options.kernel, "kernel", "kernel"),
        (options.qemu, "qemu", "vmm"),
        (options.libvirt, "libvirt", "manager"),
    ):
        if path is not None:
            trees.append(tree_of(path, role, name))
    trees += [tree_of(path) for path in getattr(options, "paths", ())]
    return trees + [parse_tree(option) for option in options.tree]


def _configured(config: Config, given: set[str]) -> list[Tree]:
    """The environment's trees of roles that are not given, then the configuration's."""
    trees = []
    for entry in config.trees:
        if entry.role in given:
            continue
        try:
            tree = tree_of(entry.path, entry.role, entry.name)
        except CaplintError as error:
            raise CaplintError(f"{entry.variable or f'{config.source}: trees.{entry.name}'}: {error}") from None
        if tree.role not in given:
            trees.append(tree)
        if entry.variable:
            given = given | {tree.role}
    return trees


def _unambiguous(trees: list[Tree]) -> list[Tree]:
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


def _with_base(trees: list[Tree], options: argparse.Namespace) -> list[Tree]:
    """The trees, the one that --staged or --base means with what it is compared with."""
    meant = _meant(trees, options)
    changed = staged_tree(meant, options.base) if options.staged else against(meant, options.base, meant.given)
    return [changed if tree is meant else tree for tree in trees]


def _meant(trees: list[Tree], options: argparse.Namespace) -> DirectoryTree:
    """The one tree that is named by a bare PATH, or else the one here, or else the only one."""
    if len(options.paths) == 1:
        root = Path(options.paths[0]).resolve()
        found = [tree for tree in trees if isinstance(tree, DirectoryTree) and tree.root == root]
    else:
        found = [tree for tree in trees if isinstance(tree, DirectoryTree) and (_is_here(tree) or len(trees) == 1)]
    if not found:
        raise CaplintError("which tree is compared with a revision? Run in it, or name its directory as PATH")
    return max(found, key=lambda tree: len(tree.root.parts))


def _is_here(tree: Tree) -> bool:
    return isinstance(tree, DirectoryTree) and Path.cwd().resolve().is_relative_to(tree.root)


def _tree_here(trees: list[Tree]) -> list[Tree]:
    """The tree of the working directory, or of one above it, unless it is given already or another has its name."""
    if any(_is_here(tree) for tree in trees):
        return []
    for directory in (Path.cwd(), *Path.cwd().parents):
        with suppress(CaplintError):
            tree = directory_tree(str(directory))
            return [] if tree.name in {other.name for other in trees} else [tree]
    return []


def between(options: argparse.Namespace, config: Config, revisions: tuple[str, str]) -> list[Tree]:
    """The trees, the one that is meant as its later revision, with the earlier one as its base."""
    trees = _named(options)
    if len(options.paths) != 1:
        trees += _tree_here(trees)
    trees = _unambiguous(trees + _configured(config, {tree.role for tree in trees}))
    meant = _meant(trees, options)
    later = revision_tree(meant.given, revisions[1], meant.role, meant.name)
    return [against(later, revisions[0], meant.given) if tree is meant else tree for tree in trees]


def rules_of(options: argparse.Namespace, config: Config, *, whole: bool = True) -> list[Rule]:
    """The shipped rules and the user's, or those of them that were selected; `whole` as in `rules.load`."""
    from caplint import rules as rule_pages  # noqa: PLC0415 - not every command has rules

    if "" in getattr(options, "rules", ()):  # a variable of a script that is not set
        raise CaplintError("--rules: the name of the directory is empty")
    rules = rule_pages.load(
        [
            share.RULES,
            *(Path(directory) for directory in (*config.rules, *getattr(options, "rules", ()))),
        ],
        whole=whole,
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


def architecture_of(word: str) -> str:
    """The canonical architecture that a word stands for. Raises `CaplintError` for what is none."""
    if (found := knowledge().architecture(word)) is None:
        raise CaplintError(f"--arch {word}: unknown; known are {', '.join(knowledge().architectures)}")
    return found


def style_of(options: argparse.Namespace) -> Style:
    """How standard output is coloured."""
    return style_for(sys.stdout, options.color)


@contextmanager
def progress(doing: str = "reading") -> Iterator[Callable[[int, int], None]]:
    """A progress bar, on a terminal; it shows up only once there is something to do."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    bar: list[Progress] = []
    task: list[TaskID] = []

    def show(done: int, total: int) -> None:
        if not bar:
            from rich.console import Console  # noqa: PLC0415 - only a terminal needs it, and few runs read anything
            from rich.progress import Progress  # noqa: PLC0415

            bar.append(Progress(console=Console(stderr=True), transient=True))
            bar[0].start()
            task.append(bar[0].add_task(doing, total=total))
        bar[0].update(task[0], completed=done)

    try:
        yield show
    finally:
        for shown in bar:
            shown.stop()
