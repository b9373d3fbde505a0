"""caplint matrix"""

from __future__ import annotations

import argparse
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from caplint import baseline_file
from caplint.cli.main import CLEAN, FOUND, UNCOVERED, WRONG
from caplint.cli.options import add_config, add_output_format, add_rules, config_of, progress, rules_of, write_output
from caplint.errors import CaplintError
from caplint.findings import SEVERITIES
from caplint.matrix import Cell, Job, Matrix, Member
from caplint.matrix.fleet import members, named
from caplint.matrix.tls import Tls
from caplint.trust import digest

if TYPE_CHECKING:
    from caplint.config import Config


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    trees = parser.add_argument_group("trees")
    for option, words in (("--kernel", "Linux trees or revisions of them"), ("--qemu", "QEMU trees")):
        trees.add_argument(
            option, nargs="+", action="extend", default=[], metavar="DIR[@REV]",
            help=f"{words}; quoted patterns name directories ('trees/v*') and tags or branches ('linux@v6.*')",
        )  # fmt: skip
    trees.add_argument(
        "--tree", action="append", default=[], metavar="NAME=ROLE:PATH[@REV]", help="any tree; roles: kernel, vmm"
    )
    add_config(parser)
    add_rules(parser)
    add_output_format(parser, "matrix")
    parser.add_argument(
        "--fail-on",
        choices=(*SEVERITIES, "never"),
        help="a pair agrees if it has no finding as severe as this (default: warning)",
    )
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="leave out the findings that FILE lists (see caplint baseline)"
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="check on the workers of this Dask cluster, such as tls://head:8786 (needs caplint[distributed]); "
        "the scheduler can run code here, so name only one that you trust",
    )
    for option, words in (
        ("--tls-ca-file", "certificates that may vouch for the scheduler"),
        ("--tls-cert", "the certificate that is shown to the scheduler"),
        ("--tls-key", "the key of --tls-cert"),
    ):
        parser.add_argument(option, type=Path, metavar="FILE", help=f"PEM: {words} (of a tls:// address)")


def run(options: argparse.Namespace) -> int:
    """Check every pair, print which agree, and say by the exit code how it went."""
    config = config_of(options)
    kernels, vmms = _fleet(options, config)
    fail_on = options.fail_on or config.fail_on
    jobs = _jobs(options, config, [(kernel, vmm) for kernel in kernels for vmm in vmms], fail_on)
    cells = _remembered(jobs)
    order = [place for place in staggered(len(kernels), len(vmms)) if place not in cells]
    with progress("checking pairs") as show, closing(_run(options, jobs, order, config.jobs)) as done:
        for place, cell in done:
            cells[place] = cell
            show(len(cells), len(jobs))
    matrix = Matrix(kernels, vmms, [cells[place] for place in range(len(jobs))], fail_on)
    write_output(matrix, "matrix", options)
    return _status(matrix)


def _fleet(options: argparse.Namespace, config: Config) -> tuple[list[Member], list[Member]]:
    """Kernels and VMMs of the command line; of a side that it does not name, those of the configuration."""
    trees = [named(option) for option in options.tree]
    sides = []
    for role, name, given, configured in (
        ("kernel", "kernel", options.kernel, config.matrix.kernels),
        ("vmm", "qemu", options.qemu, config.matrix.vmms),
    ):
        more = [tree for tree in trees if tree.role == role]
        found = members(given or (() if more else configured), role, name) + more
        if not found:
            option = {"kernel": "--kernel", "vmm": "--qemu, --tree NAME=vmm:PATH"}[role]
            raise CaplintError(f"no {role} given; use {option}, or {role}s = [...] of [matrix] in caplint.toml")
        sides.append(found)
    labels = [member.label for side in sides for member in side]
    for tree in trees:
        if labels.count(tree.label) > 1:
            raise CaplintError(
                f"--tree {tree.label}=…: another tree is called {tree.label}; name one of them otherwise"
            )
    return sides[0], sides[1]


def _jobs(options: argparse.Namespace, config: Config, pairs: list[tuple[Member, Member]], fail_on: str) -> list[Job]:
    if options.baseline:
        baseline_file.read(options.baseline)  # what is wrong with it is wrong for every pair
    cache = config.cache_directory
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
        )
        for kernel, vmm in pairs
    ]


def staggered(rows: int, columns: int) -> list[int]:
    """An order of the cells in which neighbours share neither row nor column: no file is read by two at once."""
    return [row * columns + (row + turn) % columns for turn in range(columns) for row in range(rows)]


def _remembered(jobs: list[Job]) -> dict[int, Cell]:
    from caplint.matrix.cell import remembered  # noqa: PLC0415 - what a check needs

    return dict(remembered(jobs))


def _run(
    options: argparse.Namespace, jobs: list[Job], order: list[int], processes: int
) -> Generator[tuple[int, Cell], None, None]:
    tls = Tls(options.tls_ca_file, options.tls_cert, options.tls_key)
    if options.scheduler is None and tls != Tls():
        raise CaplintError("--tls-ca-file, --tls-cert and --tls-key are for --scheduler, which is missing")
    # Only the command line names a scheduler: neither the configuration nor DASK_SCHEDULER_ADDRESS does.
    if options.scheduler is None or not order:  # no cluster is asked for what is known
        from caplint.matrix.processes import run_here  # noqa: PLC0415 - one or the other

        return run_here(jobs, order, processes)
    from caplint.matrix.cluster import run_there  # noqa: PLC0415

    return run_there(options.scheduler, jobs, order, tls)


def _status(matrix: Matrix) -> int:
    if any(cell.error for cell in matrix.cells):
        return WRONG
    if not all(cell.agrees for cell in matrix.cells):
        return FOUND
    return CLEAN if all(cell.covered for cell in matrix.cells) else UNCOVERED
