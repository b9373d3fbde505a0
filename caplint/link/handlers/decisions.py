"""Decisions of all handlers of one tree, for the sites in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from caplint.c.formula import satisfiable, text
from caplint.link.functions.body import Body
from caplint.link.functions.code_function import between
from caplint.link.functions.flow import Sequence
from caplint.link.handlers.reach import ReachedCode
from caplint.link.handlers.simulation_state import Facts
from caplint.link.handlers.sites import Site
from caplint.link.handlers.verdicts import Root, Verdicts, joined_outcomes

_CASES = """
    SELECT l.line, l.column, l.start, l.stop, c.text FROM main.case_label l JOIN main.condition c ON c.id = l.condition
    WHERE l.blob = ? AND l.start >= ? AND l.start < ? AND l.low = ? ORDER BY l.start
"""
_COMPARISONS = """
    SELECT p.line, p.column, p.start, p.operator, c.text
    FROM main.comparison p JOIN main.condition c ON c.id = p.condition
    WHERE p.blob = ? AND p.start >= ? AND p.start < ? AND p.constant = ? ORDER BY p.start
"""


class Decisions:
    """Decisions of every handler about a capability."""

    def __init__(self, facts: Facts, bodies: list[Body]) -> None:
        self._known = {_key(body) for body in bodies}
        self.roots = [Root(facts, body) for body in bodies if body.handler.found_by != "delegation"]
        for root in self.roots:
            root.explore()
        entered = {key for root in self.roots for key in root.entered}
        for body in bodies:
            if (body.handler.blob, body.handler.start) not in entered:  # the way to it is not understood
                self.roots.append(Root(facts, body))
                self.roots[-1].explore()
        self._through: dict[tuple[str, int, int], list[Root]] = {}
        for root in self.roots:
            for blob, start in root.entered:
                self._through.setdefault((root.body.handler.verb, blob, start), []).append(root)

    def is_new(self, body: Body) -> bool:
        """Tell, once for each function, whether it is none of the handlers that were given."""
        key = _key(body)
        new = key not in self._known
        self._known.add(key)
        return new

    def roots_of(self, body: Body) -> list[Root]:
        """Return the handlers that reach a function of a verb."""
        handler = body.handler
        verb = handler.verb or "enable"  # a helper that gets a request
        roots = self._through.get((verb, handler.blob, handler.start), [])
        same = [root for root in roots if root.body.handler.arch == handler.arch]
        return same or roots

    def outcome(self, body: Body, capability: str) -> Verdicts:
        """Return what the handlers that reach a function may do with a capability."""
        return joined_outcomes(body.handler.verb, [root.outcome(capability) for root in self.roots_of(body)])

    def unnamed(self, body: Body) -> Verdicts:
        """Return what the handlers that reach a function may do with a capability that they do not name."""
        return joined_outcomes(body.handler.verb, [root.outcome(None) for root in self.roots_of(body)])

    def reach(self, body: Body, capability: str) -> ReachedCode | None:
        """Return the code of a function that runs for a capability; None if that is not known."""
        roots = self.roots_of(body)
        runs = [root.reached(capability) for root in roots]
        known = [run for run in runs if run is not None]
        flow = self.flow(body)
        return ReachedCode(flow, frozenset().union(*known)) if flow is not None and len(known) == len(runs) else None

    def functions(self) -> Iterator[Body]:
        """Yield each function that gets the capability of a handler, once, as a handler's body."""
        seen: set[tuple[str, int, int]] = set()
        for root in self.roots:
            for entered in root.entered.values():
                body = _as_handler(entered, root)
                if _key(body) not in seen:
                    seen.add(_key(body))
                    yield body

    def flow(self, body: Body) -> Sequence | None:
        """Return the statements of a handler; None if its control flow is not known."""
        roots = self.roots_of(body)
        return roots[0].facts.flow(body) if roots else None

    def reason(self, body: Body) -> str:
        """Return why a handler's decision is not understood; empty if it is."""
        return next((root.reason for root in self.roots_of(body) if root.reason), "")

    def further(self, named: set[tuple[tuple[int, int], str]]) -> Iterator[tuple[Body, Site]]:
        """Yield a site for each capability that a handler serves although no case of a function that it calls names it.

        `named` holds the capabilities of the sites in sight, with the blob and the offset of the function around them.
        """
        for root in self.roots:
            for capability in root.capabilities:
                if any((key, capability) in named for key in root.entered):
                    continue
                outcome = root.outcome(capability)
                if satisfiable(outcome.success()) and (outcome.literal or not root.reason):
                    yield self.where_it_runs(*_witness(root, capability))

    def where_it_runs(self, body: Body, site: Site) -> tuple[Body, Site]:
        """Return the site with the extent of the code that enables it, where a table or a predicate names it only."""
        root, handler = next(iter(self.roots_of(body)), None), body.handler
        if root is None or handler.verb != "enable" or handler.path != root.body.handler.path:
            return body, site
        if site.kind != "table" and _works(body, site):
            return body, site
        own = root.body
        reach, others = self.reach(own, site.capability), root.reached(None)
        run = reach.beyond(others) if reach is not None and others is not None else None
        if run is None:
            return body, site
        return own, replace(site, kind="table" if site.kind == "table" else "comparison", start=run[0], stop=run[1])


def _key(body: Body) -> tuple[str, int, int]:
    return body.handler.verb, body.handler.blob, body.handler.start


def _witness(root: Root, capability: str) -> tuple[Body, Site]:
    """Return the place that names a capability, in the first function or array that does."""
    for body in root.entered.values():
        site = next(_in_function(body, capability), None)
        if site is not None:
            return _as_handler(body, root), site
    for table in root.tables.values():
        for element in table.naming(capability):
            holder = next((b for b in root.entered.values() if b.handler.path == table.path), root.body)
            start = element.start
            where = (element.line, element.column, start, start + 1, text(element.condition))
            return _as_handler(holder, root), Site(capability, "table", *where)
    start = root.body.handler.start
    return root.body, Site(capability, "comparison", line_of(root.body), 1, start, start + 1, "1")


def _works(body: Body, site: Site) -> bool:
    """Tell whether the code of a site does more than tell capabilities apart."""
    stop = max(site.stop, site.start + 1)
    return bool(between(body.stores, site.start, stop) or between(body.calls, site.start, stop))


def _as_handler(body: Body, root: Root) -> Body:
    """Return a function's body as that of a handler, of the verb and architecture of the root."""
    own = root.body.handler
    if (body.handler.blob, body.handler.start) == root.key:
        return root.body
    handler = replace(body.handler, verb=own.verb, scope=own.scope, arch=own.arch, found_by="delegation")
    return Body(body.connection, handler)


def _in_function(body: Body, capability: str) -> Iterator[Site]:
    handler = body.handler
    extent = (handler.blob, handler.start, handler.stop, capability)
    for line, column, start, stop, condition in body.connection.execute(_CASES, extent):
        yield Site(capability, "case", line, column, start, stop, condition)
    for line, column, start, operator, condition in body.connection.execute(_COMPARISONS, extent):
        begin, stop = _after_inequality(body, start, capability) if operator == "!=" else (start, start + 1)
        yield Site(capability, "comparison", line, column, begin, stop, condition)


def _after_inequality(body: Body, start: int, capability: str) -> tuple[int, int]:
    """Return the extent in which `x != KVM_CAP_…` is known to fail; the comparison itself without one."""
    for guard in between(body.guards, start, body.handler.stop):
        if guard.negated and capability in guard.text and "!=" in guard.text:
            return guard.start, guard.stop
    return start, start + 1


def line_of(body: Body) -> int:
    """Return the line of a function's name."""
    return body.line
