"""Whether the answer of KVM_CHECK_EXTENSION depends on the VM that is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from caplint.link.bodies import Body, between
from caplint.link.helpers import Helpers
from caplint.link.sites import Site


def reads_vm(helpers: Helpers, body: Body, site: Site) -> int | None:
    """1 where the site reads the VM, itself or through a local variable set above; None where it is asked for none.

    A helper in view that makes nothing of the VM does not count. A test above the whole switch does
    not either: it decides for all capabilities alike.
    """
    if len(body.handler.parameters) < 2:
        return None
    vm = body.handler.parameters[0]
    names = "|".join(re.escape(name) for name in (vm, *_copies(body, vm)))
    mention = re.compile(rf"\b(?:{names})\b")
    idle = _idle_calls(helpers, body, site, vm)
    calls = re.compile("|".join(rf"\b{re.escape(name)}\s*\([^()]*\)" for name in sorted(idle)) or r"(?!)")
    return int(any(mention.search(calls.sub("", text)) for text in _texts(body, site, idle)))


def _texts(body: Body, site: Site, idle: set[str]) -> Iterator[str]:
    """What is evaluated at the site, but for the arguments of calls that make nothing of them."""
    for rows in (body.stores, body.tests, body.returns):
        yield from (row.text for row in between(rows, site.start, site.stop))
    yield from (row.text for row in between(body.calls, site.start, site.stop) if row.extra[0] not in idle)
    yield from (row.extra[0] for row in between(body.calls, site.start, site.stop))


def _copies(body: Body, vm: str) -> list[str]:
    """Local variables that the VM decides before the switch begins."""
    first = min((row.start for row in body.labels), default=0)
    mention = re.compile(rf"\b{re.escape(vm)}\b")
    return [
        row.extra[0]
        for row in body.stores
        if row.start < first and row.extra[2] == "1" and row.extra[0].isidentifier() and mention.search(row.text)
    ]


def _idle_calls(helpers: Helpers, body: Body, site: Site, vm: str) -> set[str]:
    """Functions in view that get the VM and make nothing of it."""
    names = set()
    for row in between(body.calls, site.start, site.stop):
        arguments = [argument.strip("() ") for argument in json.loads(row.text)]
        found = helpers.functions(row.extra[0], body.handler.arch)
        if vm not in arguments or not found or helpers.macros(row.extra[0], body.handler.arch):
            continue
        index = arguments.index(vm)
        if not any(_mentions(helper, index) for helper in found):
            names.add(row.extra[0])
    return names


def _mentions(helper: Body, index: int) -> bool:
    if index >= len(helper.handler.parameters):
        return True
    mention = re.compile(rf"\b{re.escape(helper.handler.parameters[index])}\b")
    start, stop = helper.handler.start, helper.handler.stop
    return any(mention.search(text) for text in helper.texts(start, stop))
