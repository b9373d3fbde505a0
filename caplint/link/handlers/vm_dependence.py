"""Dependence of KVM_CHECK_EXTENSION's answer on the VM."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from caplint.link.functions.body import Body
from caplint.link.functions.callees import Helpers
from caplint.link.functions.code_function import between, facts_between
from caplint.link.handlers.sites import Site
from caplint.values.expression_text import stripped, without_calls


def reads_vm(helpers: Helpers, body: Body, site: Site) -> int | None:
    """Return 1 if the site reads the VM, directly or through a local variable set above, else 0.

    Return None for a handler without a VM parameter. A helper that ignores the VM does not count. A test above the
    whole switch does not count either, since it decides for all capabilities alike.
    """
    if len(body.handler.parameters) < 2:
        return None
    vm = body.handler.parameters[0]
    if body.vm_mention is None:
        names = "|".join(re.escape(name) for name in (vm, *_copies(body, vm)))
        body.vm_mention = re.compile(rf"\b(?:{names})\b")
    mention = body.vm_mention
    idle = _idle_calls(helpers, body, site, vm)
    return int(any(mention.search(without_calls(text, idle)) for text in _texts(body, site, idle)))


def _texts(body: Body, site: Site, idle: set[str]) -> Iterator[str]:
    """Yield the expressions evaluated at the site, without the arguments of calls that ignore them."""
    yield from (row.text for row in facts_between(site.start, site.stop, body.stores, body.tests, body.returns))
    yield from (row.text for row in between(body.calls, site.start, site.stop) if row.callee not in idle)
    yield from (row.callee for row in between(body.calls, site.start, site.stop))


def _copies(body: Body, vm: str) -> list[str]:
    """Return local variables whose value before the switch depends on the VM."""
    first = body.first_label or 0
    mention = re.compile(rf"\b{re.escape(vm)}\b")
    return [
        row.target
        for row in between(body.stores, 0, first)
        if row.local and row.target.isidentifier() and mention.search(row.text)
    ]


def _idle_calls(helpers: Helpers, body: Body, site: Site, vm: str) -> set[str]:
    """Return the functions that ignore the VM in every call at the site."""
    names: dict[str, bool] = {}
    for row in between(body.calls, site.start, site.stop):
        name = row.callee
        names[name] = names.get(name, True) and _is_idle(helpers, body.handler.arch, name, row.arguments, vm)
    return {name for name, idle in names.items() if idle}


def _is_idle(helpers: Helpers, arch: str, name: str, arguments: Sequence[str], vm: str) -> bool:
    definitions = helpers.functions(name, arch)
    if not definitions or helpers.macros(name, arch):
        return False
    mention = re.compile(rf"\b{re.escape(vm)}\b")
    positions = [index for index, argument in enumerate(arguments) if mention.search(argument)]
    return bool(positions) and all(
        stripped(arguments[index]) == vm and not any(_mentions(helper, index) for helper in definitions)
        for index in positions
    )


def _mentions(helper: Body, index: int) -> bool:
    if index >= len(helper.handler.parameters):
        return True
    if index not in helper.mentioned:
        mention = re.compile(rf"\b{re.escape(helper.handler.parameters[index])}\b")
        start, stop = helper.handler.start, helper.handler.stop
        helper.mentioned[index] = any(mention.search(text) for text in helper.texts(start, stop))
    return helper.mentioned[index]
