"""Effects of a handler's case: its answer, its lasting stores and calls, whether it can succeed."""

from __future__ import annotations

import re

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.body import Body
from caplint.link.functions.code_function import between
from caplint.link.handlers.sites import Site

_NUMBER = re.compile(r"\A\(*((?:0[xX][0-9a-fA-F]+|[0-9]+))[uUlL]*\)*\Z")


def answer(body: Body, site: Site) -> str | None:
    """Return the returned or assigned value if it is a single expression, else None; a number without its suffix."""
    values = {_NUMBER.sub(r"\1", row.text) for row in between(body.returns, site.start, site.stop)}
    values |= {
        _NUMBER.sub(r"\1", row.text) for row in between(body.stores, site.start, site.stop) if row.operator == "="
    }
    return values.pop() if len(values) == 1 else None


def lasting_stores(body: Body, site: Site) -> int:
    """Count the assignments to non-local targets."""
    return sum(not row.local for row in between(body.stores, site.start, site.stop))


def working_calls(body: Body, site: Site) -> int:
    """Count the calls that may change something: all but those that only log, assert, read or lock."""
    return sum(not kernel_idioms().is_inert(row.callee) for row in between(body.calls, site.start, site.stop))
