"""Tests of a request in the callers of an enable handler."""

from __future__ import annotations

import json

from caplint.link.functions.body import Body, Handler
from caplint.link.functions.code_function import between
from caplint.link.handlers.conditions import Region
from caplint.link.handlers.request_names import WHOLE, Part, arguments
from caplint.link.handlers.request_tests import Readers
from caplint.link.handlers.value_tests import Level
from caplint.values.expression_tree import tree_of

_DEPTH = 2
_MOST_CALLS = 64


def level_at_callers(readers: Readers, body: Body, value: Part, depth: int = _DEPTH) -> Level:
    """Return the lowest level to which a value is tested at the calls of a handler; UNTESTED without a call in view."""
    if not depth:
        return Level.UNTESTED
    levels = []
    for caller, offset, given in _calls(readers, body):
        region = _region(caller, offset)
        whole = _holder(given)
        if not whole:
            return Level.UNTESTED
        level = readers.reader(caller, ((whole, WHOLE),), value, "").level(offset, region)
        if level < Level.TESTED and whole == caller.selector:
            level = max(level, level_at_callers(readers, caller, value, depth - 1))
        levels.append(level)
    return min(levels, default=Level.UNTESTED)


def _calls(readers: Readers, body: Body) -> list[tuple[Body, int, str]]:
    """Return the calls of a handler in its tree: caller, offset, and the argument that is the request."""
    handler = body.handler
    key = (handler.blob, handler.start)
    if key not in readers.callers:
        rows = readers.helpers.connection.execute(
            """SELECT d.path, d.blob, d.arch, d.name, d.start, d.stop, d.parameters, d.line, d.static,
                      k.start, k.arguments
               FROM main.call k JOIN code_function d ON d.blob = k.blob AND k.start >= d.start AND k.start < d.stop
               WHERE k.callee = ? AND d.side = ? AND d.tree = ? AND d.name = k.function ORDER BY d.path, k.start""",
            (handler.function, handler.side, handler.tree),
        ).fetchall()
        readers.callers[key] = [
            (readers.helpers.body(_function(handler, row)), row[9], given)
            for row in rows[:_MOST_CALLS]
            if (given := _last(row[10])) and _may_call(handler, row)
        ]
    return readers.callers[key]


def _may_call(handler: Handler, row: tuple[str, ...]) -> bool:
    arch = row[2] or "generic"
    return handler.arch == "generic" or arch in {handler.arch, "generic"}


def _function(handler: Handler, row: tuple[object, ...]) -> Handler:
    path, blob, arch, name, start, stop, parameters, line, static, *_ = row
    return Handler(handler.side, handler.tree, str(path), int(str(blob)), str(arch or "generic"), str(name),
                   int(str(start)), int(str(stop)), json.loads(str(parameters)), "", None, "caller",
                   int(str(line)), bool(static))  # fmt: skip


def _last(text: str) -> str:
    given = arguments(text)
    return given[-1] if given else ""


def _holder(text: str) -> str:
    """Return the variable that holds the request: `cap` or `&cap`; empty for any other expression."""
    node = tree_of(text)
    while node.kind == "cast" or (node.kind == "unary" and node.text == "&"):
        node = node.parts[0]
    return node.text if node.kind == "name" else ""


def _region(body: Body, offset: int) -> Region:
    """Return the region of the innermost case that contains an offset, else the whole function."""
    labels = [row for row in between(body.labels, body.handler.start, offset + 1) if row.start <= offset < row.stop]
    if not labels:
        return Region.whole(body)
    return Region.around(body, labels[-1].start, labels[-1].stop, "1")
