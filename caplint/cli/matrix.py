"""caplint matrix"""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.cli.exit_codes import CLEAN, FOUND, UNCOVERED, WRONG
from caplint.cli.fleet_options import add_scheduler, scheduler_of
from caplint.cli.options import add_config, add_output_format, add_rules, config_of, progress, rules_of, write_output
from caplint.config.trust import digest
from caplint.engine import baseline_file
from caplint.findings.finding import SEVERITIES
from caplint.matrix.cells import Cells, Trees
from caplint.matrix.fleet import members, named
from caplint.matrix.model import FleetMember, Job, Matrix
from caplint.matrix.run_jobs import run_jobs
from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from caplint.config.settings import Config


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    trees = parser.add_argument_group("trees")
    for option, words in (("--kernel", "Linux trees or revisions"), ("--qemu", "QEMU trees")):
        trees.add_argument(
            option, nargs="+", action="extend", default=[], metavar="DIR[@REV]",
            help=f"{words}; quoted patterns match directories ('trees/v*') and tags or branches ('linux@v6.*')",
        )  # fmt: skip
    trees.add_argument(
        "--tree", action="append", default=[], metavar="NAME=ROLE:PATH[@REV]", help="any tree; ROLE is kernel or vmm"
    )
    trees.add_argument(
        "--reference", metavar="DIR[@REV]", help="upstream Linux tree that every tree of the fleet is compared with"
    )
    trees.add_argument(
        "--tags", action="append", default=[], metavar="GLOB",
        help="take these tags of each repository that is given without a revision; may be repeated",
    )  # fmt: skip
    add_config(parser)
    add_rules(parser)
    add_output_format(parser, "matrix")
    parser.add_argument(
        "--fail-on",
        choices=(*SEVERITIES, "never"),
        help="a pair agrees if it has no finding of this severity or worse that needs both trees (default: warning)",
    )
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="hide the findings listed in FILE (see caplint baseline)"
    )
    add_scheduler(parser)


def run(options: argparse.Namespace) -> int:
    """Check every pair, print which pairs agree, and return the exit code."""
    from caplint.matrix.cell import CHECKS, remembered  # noqa: PLC0415 - imports most of a check

    config = config_of(options)
    scheduler = scheduler_of(options)
    kernels, vmms = _fleet(options, config)
    fail_on = options.fail_on or config.fail_on
    cells = Cells(kernels, vmms)
    jobs = _jobs(options, config, cells.checks, fail_on)
    for place, cell in remembered(jobs):
        cells.add(place, cell)
    order = cells.missing()
    with progress("checking pairs") as show, closing(run_jobs(scheduler, CHECKS, jobs, order, config.jobs)) as done:
        for place, cell in done:
            cells.add(place, cell)
            show(len(cells), len(jobs))
    matrix = Matrix(kernels, vmms, cells.pairs, cells.alone, fail_on, jobs[0].reference)
    write_output(matrix, "matrix", options)
    return _status(matrix)


def _fleet(options: argparse.Namespace, config: Config) -> tuple[list[FleetMember], list[FleetMember]]:
    """Return kernels and VMMs of the command line; for a side that it does not name, those of the configuration."""
    trees = [named(option) for option in options.tree]
    sides = []
    for role, name, given, configured in (
        ("kernel", "kernel", options.kernel, config.matrix.kernels),
        ("vmm", "qemu", options.qemu, config.matrix.vmms),
    ):
        named_trees = [tree for tree in trees if tree.role == role]
        side = members(given or (() if named_trees else configured), role, name, options.tags) + named_trees
        if not side:
            option = {"kernel": "--kernel", "vmm": "--qemu, --tree NAME=vmm:PATH"}[role]
            raise CaplintError(f"no {role} given; use {option}, or {role}s = [...] of [matrix] in caplint.toml")
        sides.append(side)
    labels = [member.label for side in sides for member in side]
    for tree in trees:
        if labels.count(tree.label) > 1:
            raise CaplintError(f"--tree {tree.label}=…: another tree has this name; choose a different NAME")
    return sides[0], sides[1]


def _jobs(options: argparse.Namespace, config: Config, checks: list[Trees], fail_on: str) -> list[Job]:
    if options.baseline:
        baseline_file.read(options.baseline)  # report a malformed baseline once, not for every pair
    cache = config.cache_directory
    reference = None if options.reference is None else _reference(options.reference)
    codes = tuple(rule.code for rule in rules_of(options, config, whole=False))
    return [
        Job(
            kernel,
            vmm,
            config=str(config.source.absolute()) if config.source else None,
            rules=tuple(str(Path(directory).absolute()) for directory in options.rules),
            codes=codes,
            fail_on=fail_on,
            cache=str(cache.absolute()) if cache else "none",
            baseline=str(options.baseline.absolute()) if options.baseline else None,
            restricted=digest(config.restricted),
            reference=reference,
        )
        for kernel, vmm in checks
    ]


def _reference(text: str) -> FleetMember:
    """Return the one tree that the option names. Raises `CaplintError` for none, several, or one of another role."""
    from caplint.trees.detect import tree_of  # noqa: PLC0415 - imports how trees are read

    found = members([text], "reference", "reference")
    if not text or len(found) != 1:
        raise CaplintError(f"--reference {text}: names {len(found) if text else 'no'} trees; give one Linux tree")
    tree_of(found[0].text, "reference", "reference")
    return found[0]


def _status(matrix: Matrix) -> int:
    cells = [*matrix.cells, *matrix.alone]
    if any(cell.error for cell in cells):
        return WRONG
    if not all(cell.agrees for cell in cells):
        return FOUND
    return CLEAN if all(cell.covered for cell in cells) else UNCOVERED
