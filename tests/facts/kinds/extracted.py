"""Facts of C text, by kind."""

from __future__ import annotations

from typing import TypeVar

from caplint.facts.extract import extract
from caplint.facts.store.records import Record

R = TypeVar("R", bound=Record)


def rows(kind: type[R], source: str) -> list[R]:
    """Return the facts of a kind in a C file."""
    return [record for record in extract(source.encode(), "c").records if isinstance(record, kind)]


def in_function(body: str) -> str:
    """Return a file with a function `f`, whose statements begin on line 3."""
    return f"int f(int x)\n{{\n\t{body}\n}}\n"
