"""Constants of the UAPI that belong to a numbering, as rows: those of one copy of the headers for one architecture."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from caplint.abi.sources import RUST, Sources
from caplint.facts.store.store import FactStore
from caplint.knowledge.numberings import numbered

# Words of a comment that says that a name stands beside another one on purpose.
_ALIAS = re.compile(
    r"\b(?:alias|same (?:as|number|value)|old name|another name|deprecated|obsolete|historical)", re.IGNORECASE
)
_COMMENT = re.compile(r"/\*|//")


class NumberedConstant(NamedTuple):
    """Constant with its number and numbering; `alias` is 1 for another name of one that has the number too."""

    name: str
    number: int
    numbering: str
    alias: int
    path: str
    line: int
    column: int


def numbered_constants(store: FactStore, key: str, units: str, sources: Sources) -> list[NumberedConstant]:
    """Return the constants of evaluated headers; `key` is the cache key of their layouts and `units` their JSON."""
    cache_key = f"numbered {key}"
    recalled = store.recall(cache_key)
    if recalled is None:
        rows = _of_units(json.loads(units).values(), sources)
        store.retain(cache_key, json.dumps(rows))
        return rows
    return [NumberedConstant._make(row) for row in json.loads(recalled)]


def _of_units(units: Iterable[Mapping[str, Any]], sources: Sources) -> list[NumberedConstant]:
    """Return the constants of all ABIs; one whose number they do not share has several rows."""
    rows: dict[NumberedConstant, None] = {}
    for unit in units:
        labels = numbered({row[0]: row[3] for row in unit["constants"]})
        taken = Counter((labels[row[0]], row[1]) for row in unit["constants"] if row[0] in labels)
        for name, number, alias, _, path, line, column in unit["constants"]:
            if name in labels:
                # bindgen writes an alias as its number.
                written = path.endswith(RUST) and taken[labels[name], number] > 1
                same = int(bool(alias) or written or _is_commented_alias(sources.lines(path), line))
                rows[NumberedConstant(name, number, labels[name], same, path, line, column)] = None
    return list(rows)


def _is_commented_alias(lines: list[str], line: int) -> bool:
    """Tell whether a comment on a line, or the comment line directly above it, says that a name is an alias."""
    here = lines[line - 1] if 0 < line <= len(lines) else ""
    above = lines[line - 2] if 1 < line <= len(lines) else ""
    comment = _COMMENT.search(here)
    texts = [above if _COMMENT.match(above.lstrip()) else "", here[comment.start() :] if comment else ""]
    return any(_ALIAS.search(text) for text in texts)
