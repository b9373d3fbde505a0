"""caplint probe"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from caplint.cli.exit_codes import CLEAN
from caplint.cli.options import (
    add_output_format,
    add_trees,
    config_of,
    progress,
    this_machine,
    trees_around,
    write_output,
)
from caplint.config.settings import Config
from caplint.facts.harvest import ExtractionSettings
from caplint.machine import msr, names, record
from caplint.machine.record import Machine
from caplint.report import machine as report
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError
from caplint.util.escape import json_text


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_trees(parser)
    parser.add_argument("--from", dest="source", metavar="FILE", help="show a recorded probe (-: standard input)")
    parser.add_argument(
        "--explain", action="store_true", help="explain every capability whose answer differs from the kernel tree's"
    )
    parser.add_argument(
        "--msr",
        action="append",
        default=[],
        metavar="NAME|NUMBER",
        help="read a model-specific register instead; names come from the kernel tree",
    )
    parser.add_argument("--cpu", type=int, default=0, metavar="N", help="processor whose registers are read (from 0)")
    add_output_format(parser, "probe")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the record to FILE as JSON, for --probe of other commands"
    )


def run(options: argparse.Namespace) -> int:
    """Probe KVM or read a record, then show the answers or write them to a file."""
    config = config_of(options)
    trees = trees_around(options, config)
    if options.msr:
        if options.source is not None or options.explain or options.output:
            raise CaplintError(
                "--msr reads registers of this machine; --from, --explain and --output are for capabilities"
            )
        return _registers(options, trees, config)
    machine = record.read(options.source) if options.source is not None else this_machine(config, _names(trees, config))
    if options.output:
        from caplint.util.atomic_write import replace_file  # noqa: PLC0415

        replace_file(options.output, json_text(record.as_object(machine), indent=2) + "\n")
    if options.explain:
        return _explain(machine, options, trees, config)
    if not options.output or options.output_format != "text":
        write_output(machine, "probe", options)
    return CLEAN


def _names(trees: list[Tree], config: Config) -> dict[int, str]:
    """Return number → capability name, from the trees or, without trees, from the installed headers."""
    return (
        names.capabilities(trees, ExtractionSettings(config.repairs, config.jobs), config.store_path)
        if trees
        else names.of_machine()
    )


def _explain(machine: Machine, options: argparse.Namespace, trees: list[Tree], config: Config) -> int:
    from caplint.engine.machine_differences import QUERY, machine_differences  # noqa: PLC0415 - most imports

    if options.output_format != "text":
        raise CaplintError(f"--explain prints only text; for data use caplint facts --probe FILE '{QUERY}'")
    if not any(tree.role == "kernel" for tree in trees):
        raise CaplintError("--explain needs a kernel tree; give --kernel DIR")
    with progress() as show:
        rows = machine_differences(machine, trees, config, show)
    print(next(report.answers(machine)))
    print("\n".join(report.differences(rows)))
    return CLEAN


def _registers(options: argparse.Namespace, trees: list[Tree], config: Config) -> int:
    if options.cpu < 0:
        raise CaplintError(f"--cpu {options.cpu}: must be 0 or higher")
    only_numbers = all(word[:1].isdigit() for word in options.msr)
    numbers = (
        {}
        if only_numbers
        else names.registers(trees, ExtractionSettings(config.repairs, config.jobs), config.store_path)
    )
    registers: list[dict[str, Any]] = []
    for word in options.msr:
        number = msr.number_of(word, numbers)
        value = msr.read(number, options.cpu)
        registers.append({"name": word if word in numbers else None, "number": number, "value": f"{value:#x}"})
    write_output(report.Registers(options.cpu, registers), "probe --msr", options)
    return CLEAN
