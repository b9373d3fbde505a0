"""Accesses to members: chains that are read, written, called or have their address taken."""

from __future__ import annotations

from collections.abc import Iterator

from caplint.c.member_chains import chains
from caplint.facts.store.records import Access
from caplint.facts.syntax.ast_view import AstView
from caplint.util.patterns import compiled

_MAX_CHAIN = 400
_MAX_BYTES = 4000
_LOOSE = compiled(r"""("(?:[^"\\]|\\.)*+")|\s*(->|\[|\.(?=\s*[A-Za-z_]))\s*""")


def accesses(reading: AstView) -> Iterator[Access]:
    """Yield every member chain; of equal accesses of a function on one line only the first."""
    yielded: set[tuple[str | None, int, str, str]] = set()
    seen = reading.seen.setdefault("access", set())
    several = len(reading.unit.views) > 1
    for start, end, mode in chains(reading.view.text, reading.unit.lexed.strings.extents):
        if several:
            if (start, end) in seen:
                continue
            seen.add((start, end))
        function, line, condition = reading.place(start)
        chain = reading.view.span(start, min(end, start + _MAX_BYTES))
        if " " in chain:
            chain = _LOOSE.sub(r"\1\2", chain)
        if (function, line, chain, mode) not in yielded:
            yielded.add((function, line, chain, mode))
            yield Access(
                function=function,
                chain=chain[:_MAX_CHAIN],
                mode=mode,
                line=line,
                column=reading.column(line, start),
                start=start,
                condition=condition,
            )
