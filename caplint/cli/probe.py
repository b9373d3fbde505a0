"""caplint probe"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from caplint import __version__
from caplint.cli.main import CLEAN
from caplint.cli.options import add_trees, config_of, progress, this_machine, trees_around
from caplint.config import Config
from caplint.errors import CaplintError
from caplint.machine import msr, names, record
from caplint.machine.record import Machine
from caplint.quoting import json_text
from caplint.report import machine as report
from caplint.trees.tree import Tree

_DIFFERENCES = "SELECT * FROM machine_difference ORDER BY tree, number"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_trees(parser)
    parser.add_argument(
        "--from", dest="source", metavar="FILE", help="show a record made elsewhere (-: standard input)"
    )
    parser.add_argument(
        "--explain", action="store_true", help="say why the kernel tree would answer otherwise, for every capability"
    )
    parser.add_argument(
        "--msr",
        action="append",
        default=[],
        metavar="NAME|NUMBER",
        help="read a model-specific register instead; names are those of the kernel tree",
    )
    parser.add_argument("--cpu", type=int, default=0, metavar="N", help="the processor whose registers are read")
    parser.add_argument("--output-format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the record to FILE as json, for --probe of other commands"
    )


def run(options: argparse.Namespace) -> int:
    """Ask, and show or keep what was answered."""
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
        from caplint.replace import replace_file  # noqa: PLC0415

        replace_file(options.output, json_text(record.as_object(machine), indent=2) + "\n")
    if options.explain:
        return _explain(machine, options, trees, config)
    if options.output_format == "json":
        print(json_text(record.as_object(machine), indent=2))
    elif not options.output:
        print("\n".join(report.answers(machine)))
    return CLEAN


def _names(trees: list[Tree], config: Config) -> dict[int, str]:
    """What the trees call the numbers; without one, what the installed headers do."""
    return names.capabilities(trees, config) if trees else names.of_machine()


def _explain(machine: Machine, options: argparse.Namespace, trees: list[Tree], config: Config) -> int:
    from dataclasses import replace  # noqa: PLC0415

    from caplint.check import open_session  # noqa: PLC0415 - only this needs the whole of a tree
    from caplint.rules import query_rows  # noqa: PLC0415

    if options.output_format != "text":
        raise CaplintError(f"--explain is text; as data: caplint facts --probe FILE '{_DIFFERENCES}'")
    if not any(tree.role == "kernel" for tree in trees):
        raise CaplintError("--explain needs the kernel's source; give --kernel DIR")
    with progress() as show:
        session = open_session(trees, replace(config, machines=(machine,)), show, narrow="KVM_CAP_")
    try:
        columns, rows = query_rows(session.connection, _DIFFERENCES)
        compared = query_rows(
            session.connection,
            f"SELECT 1 FROM handler WHERE verb = 'check' AND arch = '{machine.arch}'",  # noqa: S608
        )[1]
    finally:
        session.store.close()
    if not compared:
        raise CaplintError(f"this source has no check handler of {machine.arch}, so nothing can be compared")
    print(next(report.answers(machine)))
    print("\n".join(report.differences(dict(zip(columns, row, strict=True)) for row in rows)))
    return CLEAN


def _registers(options: argparse.Namespace, trees: list[Tree], config: Config) -> int:
    if options.cpu < 0:
        raise CaplintError(f"--cpu {options.cpu}: processors are counted from 0")
    given = all(word[:1].isdigit() for word in options.msr)
    known = {} if given else names.registers(trees, config)
    found: list[dict[str, Any]] = []
    for word in options.msr:
        number = msr.number_of(word, known)
        value = msr.read(number, options.cpu)
        found.append({"name": word if word in known else None, "number": number, "value": f"{value:#x}"})
    if options.output_format == "json":
        here = {"machine": os.uname().nodename, "cpu": options.cpu}
        print(json_text({"version": 1, "caplint": __version__, **here, "msrs": found}, indent=2))
        return CLEAN
    for entry in found:
        label = f"{entry['name']} ({entry['number']:#x})" if entry["name"] else f"{entry['number']:#x}"
        print(f"{label} = {entry['value']}")
    return CLEAN
