"""Answers of running machines compared with the sources: every difference with its explanation."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from caplint.link.buildconfig.configurations import Configurations
from caplint.link.core.loaded_trees import Loaded
from caplint.link.core.rows import insert
from caplint.link.machines.differences import KernelSources
from caplint.link.machines.rows import MachineAnswerRow, MachineDifferenceRow
from caplint.machine.record import Machine
from caplint.trees.tree import Tree

_VERSION = re.compile(r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION)[ \t]*=[ \t]*([\w.-]*)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """Version in a kernel's Makefile: `6.12`, and in full, `6.12.107-rc1`."""

    series: str
    full: str

    def same(self, release: str) -> str:
        """Return how a running kernel's release agrees: `version`, `series` or `none`; a local suffix is ignored."""
        match = re.match(r"(\d+\.\d+)(?![\d])", release)
        if match is None or match.group(1) != self.series:
            return "none"
        rest = release.removeprefix(self.full)
        return "version" if rest != release and not re.match(r"[\d.]", rest) else "series"


def release_of(tree: Tree) -> Release | None:
    """Return the version from the kernel's Makefile, None if it has none."""
    content = tree.read_or_none(tree.project.release)
    fields = dict(_VERSION.findall((content or b"").decode("utf-8", "replace")[:10_000]))
    if not {"VERSION", "PATCHLEVEL"} <= fields.keys():
        return None
    series = f"{fields['VERSION']}.{fields['PATCHLEVEL']}"
    sublevel = fields.get("SUBLEVEL") or "0"
    return Release(series, f"{series}.{sublevel}{fields.get('EXTRAVERSION', '')}")


def link_machines(
    connection: sqlite3.Connection,
    loaded: Iterable[Loaded],
    configurations: Configurations,
    machines: tuple[Machine, ...],
) -> None:
    """Fill `machine_answer` and `all_machine_difference`."""
    for machine in machines:
        _answers(connection, machine)
    sides = [
        (side, tree)
        for entry in loaded
        for side, tree in (("now", entry.tree), ("base", entry.tree.base))
        if tree is not None and tree.role == "kernel"
    ]
    for side, tree in sides:
        release = release_of(tree)
        for machine in machines:
            sources = KernelSources(connection, side, tree.name, machine.arch, configurations)
            if sources.answers_at_all:
                _differences(connection, sources, machine, release)


def _answers(connection: sqlite3.Connection, machine: Machine) -> None:
    """Insert a row for every number that was answered, or that a tree defines, within the probed range."""
    names: dict[int, str] = {}
    for number, name in connection.execute(
        """SELECT number, name FROM temp.all_cap WHERE side = 'now' AND number IS NOT NULL AND header <> 'copy'
           ORDER BY role <> 'kernel', alias IS NOT NULL, tree, path, line"""
    ):
        names.setdefault(int(number), name)
    answer_of = {answer.number: (answer.system, answer.vm) for answer in machine.answers}
    probed = range(machine.first, machine.last + 1)
    silent = (0, 0 if machine.vm_error is None else None)
    insert(
        connection,
        "machine_answer",
        [
            MachineAnswerRow(
                machine.name, machine.arch, machine.release, number, names.get(number), *answer_of.get(number, silent)
            )
            for number in sorted(answer_of.keys() | {number for number in names if number in probed})
        ],
    )


def _differences(
    connection: sqlite3.Connection, sources: KernelSources, machine: Machine, release: Release | None
) -> None:
    same = release.same(machine.release) if release else "none"
    for number, system, vm in connection.execute(
        "SELECT number, system, vm FROM temp.machine_answer WHERE machine = ? ORDER BY number", (machine.name,)
    ).fetchall():
        answered = system > 0 or (vm or 0) > 0
        difference = sources.missing(number) if answered else sources.unanswered(number)
        if difference is None:
            continue
        reason, why = difference.reason, difference.why
        if reason == "unexplained" and same == "none":
            reason, why = "release", f"{why}; {_releases(machine, release)}"
        insert(connection, "all_machine_difference", [MachineDifferenceRow(
            side=sources.side, tree=sources.tree, machine=machine.name, arch=machine.arch, release=machine.release,
            source_release=release.full if release else None, same=same, number=number, cap=difference.cap,
            system=system, vm=vm, source=int(not answered), reason=reason, why=why, path=difference.path,
            line=difference.line, function=difference.function
        )])  # fmt: skip


def _releases(machine: Machine, release: Release | None) -> str:
    stated = f"this source is Linux {release.full}" if release else "this source states no version"
    return f"the machine runs {machine.release}, and {stated}"
