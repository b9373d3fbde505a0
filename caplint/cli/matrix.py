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
from caplint.matrix.fleet import members, named
from caplint.matrix.model import Cell, FleetMember, Job, Matrix
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
    pairs: list[_Trees] = [(kernel, vmm) for kernel in kernels for vmm in vmms]
    alone: list[_Trees] = [*((kernel, None) for kernel in kernels), *((None, vmm) for vmm in vmms)]
    jobs = _jobs(options, config, pairs + alone, fail_on)
    cells = dict(remembered(jobs))
    places = [*range(len(pairs), len(jobs)), *staggered(len(kernels), len(vmms))]
    order = [place for place in places if place not in cells]
    with progress("checking pairs") as show, closing(run_jobs(scheduler, CHECKS, jobs, order, config.jobs)) as done:
        for place, cell in done:
            cells[place] = cell
            show(len(cells), len(jobs))
    ordered = [cells[place] for place in range(len(jobs))]
    matrix = _matrix((kernels, vmms), ordered, fail_on, jobs[0].reference)
    write_output(matrix, "matrix", options)
    return _status(matrix)


_Trees = tuple[FleetMember | None, FleetMember | None]
"""Kernel and VMM that are checked together, or one of them."""


def _matrix(
    sides: tuple[list[FleetMember], list[FleetMember]], cells: list[Cell], fail_on: str, reference: FleetMember | None
) -> Matrix:
    """Return the matrix of the cells of pairs, kernels and VMMs; the findings of one tree stand in its own cell."""
    kernels, vmms = sides
    alone = cells[len(kernels) * len(vmms) :]
    pairs = [
        cells[row * len(vmms) + column].without((alone[row], alone[len(kernels) + column]))
        for row in range(len(kernels))
        for column in range(len(vmms))
    ]
    return Matrix(kernels, vmms, pairs, alone, fail_on, reference)


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


def _jobs(options: argparse.Namespace, config: Config, pairs: list[_Trees], fail_on: str) -> list[Job]:
    if options.baseline:
        baseline_file.read(options.baseline)  # report a malformed baseline once, not for every pair
    cache = config.cache_directory
    reference = next(iter(members([options.reference] if options.reference else [], "reference", "reference")), None)
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
        for kernel, vmm in pairs
    ]


def staggered(rows: int, columns: int) -> list[int]:
    """Return an order of the cells in which neighbours share no row or column, so that no two read the same files."""
    return [row * columns + (row + turn) % columns for turn in range(columns) for row in range(rows)]


def _status(matrix: Matrix) -> int:
    cells = [*matrix.cells, *matrix.alone]
    if any(cell.error for cell in cells):
        return WRONG
    if not all(cell.agrees for cell in cells):
        return FOUND
    return CLEAN if all(cell.covered for cell in cells) else UNCOVERED
