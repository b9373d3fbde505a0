"""Which members are read, written, taken the address of or called, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caplint.c.member_chains import chains
from caplint.facts.store.records import Access
from caplint.facts.syntax.ast_view import AstView

_MAX_CHAIN = 400
_MAX_BYTES = 4000
_LOOSE = re.compile(r"""("(?:[^"\\]|\\.)*+")|\s*(->|\[|\.(?=\s*[A-Za-z_]))\s*""")


def accesses(reading: AstView) -> Iterator[Access]:
    """Every chain of members; of those that say the same within a line, the first."""
    said: set[tuple[int, str, str]] = set()
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
        if (line, chain, mode) not in said:
            said.add((line, chain, mode))
            yield Access(
                function=function,
                chain=chain[:_MAX_CHAIN],
                mode=mode,
                line=line,
                column=reading.column(line, start),
                start=start,
                condition=condition,
            )
