"""Attributes of devices, VMs and vCPUs: which KVM_HAS_DEVICE_ATTR affirms, and which can be set and read.

A device has a table of three functions; the ioctls of a descriptor call one each. Every function is simulated for each
group and attribute that one of the three names, with everything that it hands the request to.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from caplint.c.formula import satisfiable
from caplint.facts.store.store import FactStore
from caplint.knowledge.load import GENERIC
from caplint.link.buildconfig.file_conditions import file_conditions
from caplint.link.core.memo import remembered, snapshot_key
from caplint.link.core.narrowing import architectures, narrow_key, narrowed
from caplint.link.core.rows import CutRow, insert
from caplint.link.functions.abstract_values import AbstractValue, number, thing
from caplint.link.functions.body import Body
from caplint.link.functions.callees import Helpers
from caplint.link.functions.constants import Constants
from caplint.link.handlers.capability_tables import CapabilityTables
from caplint.link.handlers.followed_calls import simulate
from caplint.link.handlers.rows import DeviceAttributeRow
from caplint.link.handlers.simulation_state import Facts, Run, SeenLabel
from caplint.link.handlers.sites import Numbered

_TABLES = ("all_device_attribute", "all_cut")
_VERBS = ("has", "set", "get")
_IOCTLS = {f"KVM_{verb.upper()}_DEVICE_ATTR": verb for verb in _VERBS}
_ATTRIBUTE = re.compile(r"&?\w*attr\w*\Z")
# Numbers that no group and no attribute has.
_NO_GROUP, _NO_ATTRIBUTE = 0x7FFF_FFF1, 0x7FFF_FFF2
# Maximum numbers of statements that are simulated in one tree, and of attributes of one group.
_MOST_STEPS = 200_000
_MOST_ATTRIBUTES = 500
_LABEL = "SELECT line FROM main.case_label WHERE blob = ? AND start = ?"
_NOT_UNDERSTOOD = "a device whose attributes are not understood"


@dataclass
class _Device:
    """The functions of one device, VM or vCPU by verb; one that is missing refuses everything."""

    name: str
    arch: str
    functions: dict[str, tuple[Body, int]] = field(default_factory=dict)
    """Verb → function, and position of the parameter that is the request."""


def link_device_attributes(store: FactStore, extractor: str) -> None:
    """Fill `all_device_attribute`. Devices that are not understood are in `all_cut`."""
    connection = store.connection
    for side, tree in connection.execute(
        "SELECT DISTINCT side, tree FROM temp.all_file WHERE role = 'kernel' ORDER BY 1, 2"
    ).fetchall():
        shared = snapshot_key(connection, side, tree, extractor)
        fill = partial(_fill, connection, side, tree, GENERIC)
        remembered(store, f"device attributes {tree} {shared}", _TABLES, (side, tree), fill)
        for arch in architectures(connection, side, tree):
            key = f"device attributes {tree} {narrow_key(connection, side, tree, extractor, arch)}"
            remembered(store, key, _TABLES, (side, tree), partial(_fill_narrowed, connection, side, tree, arch))


def _fill_narrowed(connection: sqlite3.Connection, side: str, tree: str, arch: str) -> None:
    with narrowed(connection, side, tree, arch):
        _fill(connection, side, tree, arch)


def _fill(connection: sqlite3.Connection, side: str, tree: str, arch: str) -> None:
    """Fill the tables with the devices of an architecture, or with those that all share."""
    helpers = Helpers(connection, side, tree)
    conditions = {place[2]: text for place, text in file_conditions(connection).items() if place[:2] == (side, tree)}
    facts = Facts(
        helpers, Constants(connection, side, tree), Numbered(connection, side, tree),
        CapabilityTables(connection, side, tree), {"attribute": frozenset()}, conditions, _MOST_STEPS,
    )  # fmt: skip
    for device in (*_with_tables(helpers), *_with_ioctls(helpers)):
        if device.arch == arch and "has" in device.functions:
            rows, problem = _Attributes(facts, device).rows()
            insert(connection, "all_device_attribute", rows)
            if problem:
                has = device.functions["has"][0].handler
                cut = CutRow(side, tree, has.path, _line(device), has.start, has.stop, problem)
                insert(connection, "all_cut", [cut])


def _line(device: _Device) -> int:
    body = device.functions["has"][0]
    return _line_at(body, "SELECT line FROM main.function WHERE blob = ? AND start = ?", body.handler.start)


def _line_at(body: Body, query: str, start: int) -> int:
    (line,) = body.connection.execute(query, (body.handler.blob, start)).fetchone()
    return int(line)


def _with_tables(helpers: Helpers) -> Iterator[_Device]:
    """Yield the devices whose functions a table holds: `struct kvm_device_ops`."""
    rows = helpers.connection.execute(
        """SELECT coalesce(f.arch, ?), f.path, e.variable, e.field, ltrim(e.value, '&')
           FROM temp.all_file f JOIN main.table_entry e ON e.blob = f.blob
           WHERE f.side = ? AND f.tree = ? AND NOT f.expanded AND e.type LIKE '%kvm_device_ops'
             AND e.variable IS NOT NULL AND e.field IN ('has_attr', 'set_attr', 'get_attr') ORDER BY 2, 3, 1""",
        (GENERIC, helpers.side, helpers.tree),
    ).fetchall()
    for (arch, path, variable), entries in groupby(rows, lambda row: row[:3]):
        device, complete = _Device(variable, arch), True
        for *_, member, function in entries:
            defined = helpers.functions(function, arch)
            bodies = [body for body in defined if body.handler.path == path] or defined
            if len(bodies) == 1 and len(bodies[0].handler.parameters) > 1:
                device.functions[member[:3]] = (bodies[0], 1)
            else:
                complete = False
        if complete:
            yield device


def _with_ioctls(helpers: Helpers) -> Iterator[_Device]:
    """Yield VMs, vCPUs and the system: a function with a case for each ioctl, which hands the request on."""
    rows = helpers.connection.execute(
        """SELECT DISTINCT coalesce(f.arch, ?), f.path, l.function, l.low, k.callee, k.arguments
           FROM temp.all_file f JOIN main.case_label l ON l.blob = f.blob
           JOIN main.call k ON k.blob = l.blob AND k.start >= l.start AND k.start < l.stop
           WHERE f.side = ? AND f.tree = ? AND NOT f.expanded
             AND l.low IN ('KVM_HAS_DEVICE_ATTR', 'KVM_SET_DEVICE_ATTR', 'KVM_GET_DEVICE_ATTR')
           ORDER BY 2, 3, l.start, k.start""",
        (GENERIC, helpers.side, helpers.tree),
    ).fetchall()
    for (arch, _, function), entries in groupby(rows, lambda row: row[:3]):
        device, ambiguous = _Device(function, arch), False
        for *_, ioctl, callee, arguments in entries:
            for body in helpers.functions(callee, arch):
                given = [index for index, text in enumerate(_texts(arguments)) if _ATTRIBUTE.match(text)]
                if len(given) == 1 and given[0] < len(body.handler.parameters):
                    ambiguous |= _IOCTLS[ioctl] in device.functions
                    device.functions[_IOCTLS[ioctl]] = (body, given[0])
        if not ambiguous:
            yield device


def _texts(arguments: str) -> list[str]:
    """Return the arguments of a call without blanks."""
    return [str(text).replace(" ", "") for text in json.loads(arguments)]


@dataclass
class _Attributes:
    """Simulations of one device's functions."""

    facts: Facts
    device: _Device
    problem: str = ""

    def rows(self) -> tuple[list[DeviceAttributeRow], str]:
        """Return a row for each attribute that a function names, and the problem for which some may lack."""
        found = []
        named = self._named(_NO_GROUP, _NO_GROUP, _NO_ATTRIBUTE)
        groups: list[tuple[int | None, SeenLabel | None]] = [*named.items()] or [(None, None)]
        for group, at_group in groups:
            attributes = self._named(_NO_ATTRIBUTE, group, _NO_ATTRIBUTE)
            places: list[tuple[int | None, SeenLabel | None]] = [*attributes.items()] or [(None, at_group)]
            if len(places) > _MOST_ATTRIBUTES:
                self.problem = _NOT_UNDERSTOOD
            for attribute, at in places[:_MOST_ATTRIBUTES]:
                verdicts = {verb: self._verdict(verb, group, attribute) for verb in _VERBS}
                if at is not None:
                    found.append(self._row(at_group.text if at_group else "", at, attributes, verdicts))
        return found, self.problem

    def _row(
        self, group: str, at: SeenLabel, attributes: dict[int, SeenLabel], verdicts: dict[str, int | None]
    ) -> DeviceAttributeRow:
        place, has = at.body.handler, self.device.functions["has"][0].handler
        return DeviceAttributeRow(
            place.side, place.tree, place.path, _line_at(at.body, _LABEL, at.start), self.device.arch,
            self.device.name, group, at.text if attributes else "", place.function, verdicts["has"], verdicts["set"],
            verdicts["get"], has.function, has.path, _line(self.device),
        )  # fmt: skip

    def _named(self, switched: int, group: int | None, attribute: int) -> dict[int, SeenLabel]:
        """Return the labels of the switches over a number, by their values, in all functions; `has` comes first."""
        labels: dict[int, SeenLabel] = {}
        for verb in _VERBS:
            if verb in self.device.functions:
                for label in self._run(verb, group, attribute)[0].labels.values():
                    if label.switched == switched:
                        labels.setdefault(label.value, label)
        return labels

    def _verdict(self, verb: str, group: int | None, attribute: int | None) -> int | None:
        """Return 1 if a function may serve an attribute, 0 if it always refuses, None if it may by an unknown value.

        The attribute None stands for any. Where a label's value is not known, all labels of its `switch` are entered,
        so that only a refusal is certain.
        """
        if verb not in self.device.functions:
            return 0
        run, result = self._run(verb, group, attribute)
        if run.gave_up or self.facts.flow(self.device.functions[verb][0]) is None:
            return None
        if satisfiable(result.when("ZP")):
            return None if run.unknown_labels else 1
        return None if satisfiable(result.when("zp")) else 0

    def _run(self, verb: str, group: int | None, attribute: int | None) -> tuple[Run, AbstractValue]:
        body, position = self.device.functions[verb]
        chosen = {"group": group, "attr": attribute, "flags": 0}
        members = {name: number(value) for name, value in chosen.items() if value is not None}
        run = Run(self.facts, body.handler.arch, "attribute", None, members=members)
        result = simulate(run, body, {body.handler.parameters[position]: thing("request")})
        if run.gave_up or run.unknown_labels or self.facts.flow(body) is None:
            self.problem = self.problem or _NOT_UNDERSTOOD
        return run, result
