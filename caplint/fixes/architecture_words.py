"""Words for architectures, as a file of the documentation writes them."""

from __future__ import annotations

import re
from collections import Counter

from caplint.fixes.workbench import Workbench
from caplint.knowledge.load import knowledge

_LISTED = re.compile(r":Architectures?:\s+(\S.*)")


def word_for(bench: Workbench, place: tuple[str, str], arch: str) -> str:
    """Return the word that the fields of a file use most for an architecture, such as `ppc`; else its name."""
    counts: Counter[str] = Counter()
    for line in bench.lines(*place):
        if field := _LISTED.fullmatch(line):
            words = (word.strip() for word in field[1].split(","))
            counts.update(word for word in words if knowledge().architecture(word) == arch)
    return counts.most_common(1)[0][0] if counts else arch
