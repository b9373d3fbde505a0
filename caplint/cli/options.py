"""Options shared by several commands, and their meaning."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caplint.config import tree_choice
from caplint.config.keys import bounded_jobs
from caplint.config.settings import Config, load
from caplint.knowledge.load import knowledge
from caplint.report import choices, purposes, writer
from caplint.report.style import Style, safe, style_for
from caplint.trees.tree import Tree
from caplint.util import shipped_files
from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from caplint.machine.record import Machine
    from caplint.rules.page import Rule


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add --config, --jobs and --color."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="use this configuration file (default: nearest caplint.toml here or above)",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="number of processes (default: one per processor)",
    )
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colour the output (default: only on a terminal)",
    )


def add_trees(
    parser: argparse.ArgumentParser,
    *,
    bare: bool = True,
    metavar: str = "PATH",
    purpose: str = "source tree (Linux, QEMU, libvirt or another VMM); its project is detected",
) -> None:
    """Add the tree options. `bare`: also accept trees as positional paths.

    `metavar` and `purpose` are for a command that accepts other words among the positional paths.
    """
    trees = parser.add_argument_group("trees")
    if bare:
        trees.add_argument(
            "paths",
            nargs="*",
            metavar=metavar,
            help=purpose,
        )
    for option, role, purpose_of_tree in (
        ("--kernel", "kernel", "a Linux tree, optionally at a revision"),
        ("--qemu", "vmm", "a QEMU tree"),
        ("--libvirt", "manager", "a libvirt tree"),
    ):
        trees.add_argument(option, action=_once(role), metavar="DIR[@REV]", help=purpose_of_tree)
    trees.add_argument(
        "--tree",
        action="append",
        default=[],
        metavar="NAME=ROLE:PATH[@REV]",
        help="any tree; ROLE is kernel, vmm, manager or reference",
    )
    add_config(parser)


def _once(role: str) -> type[argparse.Action]:
    """Return the action of a tree option that may be given once: argparse would drop the first of two trees."""

    class Once(argparse.Action):
        def __call__(
            self,
            parser: argparse.ArgumentParser,
            namespace: argparse.Namespace,
            values: Any,
            option_string: str | None = None,  # noqa: ARG002 - argparse passes it
        ) -> None:
            option = self.option_strings[0]
            if getattr(namespace, self.dest) is not None:
                meant = f"--tree NAME={role}:{values}"
                parser.error(f"{option} is given twice; name the other tree with {meant}")
            setattr(namespace, self.dest, values)

    return Once


def add_base(parser: argparse.ArgumentParser) -> None:
    """Add --staged and --base."""
    parser.add_argument(
        "--staged",
        action="store_true",
        help="report only findings added by the staged changes (in . or PATH)",
    )
    parser.add_argument(
        "--base",
        metavar="REV",
        help="report findings added and resolved since HEAD diverged from a revision (of . or PATH)",
    )


def add_probe(parser: argparse.ArgumentParser) -> None:
    """Add --probe."""
    parser.add_argument(
        "--probe",
        nargs="?",
        action="append",
        const="",
        default=[],
        metavar="FILE",
        help="compare the trees with this machine's KVM answers, or with a record of `caplint probe` in FILE"
        " (-: standard input); may be repeated",
    )


def add_rule_pages(parser: argparse.ArgumentParser) -> None:
    """Add --rules."""
    parser.add_argument(
        "--rules",
        action="append",
        default=[],
        metavar="DIR",
        help="also use the rule pages in this directory",
    )


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Add --rules, --select, --extend-select and --ignore."""
    add_rule_pages(parser)
    for option, purpose in (
        ("--select", "run only these rules, by code, prefix of codes (CAP4) or name, separated by commas"),
        ("--extend-select", "run these rules besides those selected, also where a shorter prefix ignores them"),
        ("--ignore", "leave these rules out"),
    ):
        parser.add_argument(option, action="append", default=[], metavar="CODE", help=f"{purpose}; may be repeated")


def config_of(options: argparse.Namespace, *, trusting: bool = False) -> Config:
    """Return the effective configuration; `trusting` also accepts an untrusted file, only to show it."""
    config = load(options.config, trusting=trusting)
    if options.jobs is not None:
        if options.jobs < 1:
            raise CaplintError(f"--jobs {options.jobs}: must be at least 1")
        config = replace(config, jobs=bounded_jobs(options.jobs))
    config = _with_selection(config, options)
    probes: list[str] = getattr(options, "probe", [])
    if not probes:
        return config
    from caplint.config.run import with_machines  # noqa: PLC0415 - most runs ask no machine

    return with_machines(config, _machines(probes, config))


def _with_selection(config: Config, options: argparse.Namespace) -> Config:
    """Return the configuration with the rules that the command line selects: they prevail over those of the file."""
    select, extend, _ = _selection(options)
    return replace(
        config, select=() if select else config.select, extend_select=(*config.extend_select, *select, *extend)
    )


def _selection(options: argparse.Namespace) -> list[tuple[str, ...]]:
    """Return the words of --select, --extend-select and --ignore."""
    return [_words(getattr(options, name, None) or ()) for name in ("select", "extend_select", "ignore")]


def _words(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the words of options, which commas separate."""
    return tuple(word.strip() for text in texts for word in text.split(","))


def _machines(probes: list[str], config: Config) -> tuple[Machine, ...]:
    """Return the machines of the given records; an empty name is this machine."""
    from caplint.machine import record  # noqa: PLC0415 - most runs ask no machine

    machines = [record.read(file) if file else this_machine(config) for file in probes]
    for machine in machines:
        if [other.name for other in machines].count(machine.name) > 1:
            raise CaplintError(f'--probe: two probe records are both named {machine.name}; edit "machine" in one')
    return tuple(machines)


def this_machine(config: Config, names: dict[int, str] | None = None) -> Machine:
    """Probe this machine's KVM up to the highest known, configured or vendor capability number."""
    from caplint.machine import kvm  # noqa: PLC0415
    from caplint.machine.record import LIMIT  # noqa: PLC0415

    highest = max([kvm.LAST, *(high for _, high in config.vendor_range), *(names or {})])
    return kvm.ask(names, min(highest, LIMIT))


def trees_of(options: argparse.Namespace, config: Config) -> list[Tree]:
    """Return the trees of the command line, else those of the configuration."""
    return tree_choice.chosen(_asked(options), config)


def trees_around(options: argparse.Namespace, config: Config) -> list[Tree]:
    """Return the trees of `trees_of` and the tree of the working directory, if its role is free; may be empty."""
    return tree_choice.around(_asked(options), config)


def between(options: argparse.Namespace, config: Config, revisions: tuple[str, str], *, fork: bool) -> list[Tree]:
    """Return the trees, with the compared tree at its later revision, as `tree_choice.between`."""
    return tree_choice.between(_asked(options), config, revisions, fork=fork)


def _asked(options: argparse.Namespace) -> tree_choice.Asked:
    return tree_choice.Asked(
        kernel=options.kernel,
        qemu=options.qemu,
        libvirt=options.libvirt,
        paths=tuple(getattr(options, "paths", ())),
        trees=tuple(options.tree),
        staged=getattr(options, "staged", False),
        base=getattr(options, "base", None),
    )


def rules_of(options: argparse.Namespace, config: Config, *, whole: bool = True) -> list[Rule]:
    """Return the selected ones of the shipped rules and the user's; `whole` as in `rules.page.load`."""
    from caplint.rules import page as rule_pages  # noqa: PLC0415 - not every command has rules
    from caplint.rules.selection import is_ignored, is_selected, validate  # noqa: PLC0415

    if "" in getattr(options, "rules", ()):  # a variable of a script that is not set
        raise CaplintError("--rules: the name of the directory is empty")
    rules = rule_pages.load(
        [
            shipped_files.RULES,
            *(Path(directory) for directory in (*config.rules, *getattr(options, "rules", ()))),
        ],
        whole=whole,
    )
    select, extend, ignore = _selection(options)
    validate(rules, (*config.select, *config.extend_select, *config.ignore, *select, *extend, *ignore))
    for entry in config.suppress:
        rule_pages.find(rules, entry.code)
    wanted = [rule for rule in rules if is_selected(rule, select, extend)]
    return [rule for rule in wanted if not is_ignored(rule, ignore, (*select, *extend))]


def architecture_of(word: str) -> str:
    """Return the canonical architecture of a word. Raises `CaplintError` for an unknown one."""
    if (arch := knowledge().architecture(word)) is None:
        raise CaplintError(f"--arch {word}: unknown; known are {', '.join(knowledge().architectures)}")
    return arch


def add_output_format(parser: argparse.ArgumentParser, kind: str) -> None:
    """Add --output-format with the formats that `caplint.report` has for this kind of result."""
    formats = choices(kind)
    parser.add_argument("--output-format", choices=formats, default=formats[0], help=purposes(kind))


def write_output(result: object, kind: str, options: argparse.Namespace) -> None:
    """Print a result in the requested format."""
    writer(kind, options.output_format)(result, sys.stdout, style_of(options))


def warn(message: str) -> None:
    """Print a remark on the input, such as a part of a patch that is passed over."""
    sys.stderr.write(f"caplint: note: {safe(message)}\n")


def style_of(options: argparse.Namespace) -> Style:
    """Return the colour style of standard output."""
    return style_for(sys.stdout, options.color)


@contextmanager
def progress(doing: str = "reading") -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on a terminal; it appears with the first step."""
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
