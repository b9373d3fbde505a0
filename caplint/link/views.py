"""Tables and views of the links, assembled from the `views.sql` of each folder.

A statement with `{base_}` before its name is expanded twice: without the prefix for the patched trees (`{side}` is
`now`), and with `base_` for the unpatched trees (`base`). Every table `all_X` with a column `side` gets views `X` and
`base_X`, unless a statement creates them.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from caplint.facts.store.schema import schema

_PARTS = ("core", "macros", "buildconfig", "uapi", "handlers", "vmm", "docs", "msr", "machines")
_SIDED = re.compile(r"^CREATE TEMP TABLE all_(\w+) \(\n(?:    .*\n)*?    side\s", re.MULTILINE)
_VIEW = re.compile(r"^CREATE TEMP VIEW (\w+) AS", re.MULTILINE)
_FACTS = re.compile(r"^CREATE TABLE (\w+) \(\n    blob +INTEGER NOT NULL REFERENCES blob", re.MULTILINE)
_SIDES = (("", "now"), ("base_", "base"))


@cache
def views() -> str:
    """Return all statements, each ending in `;` at the end of a line."""
    folders = resources.files(__package__)
    return "\n".join(_with_twins(folders.joinpath(part, "views.sql").read_text("utf-8")) for part in _PARTS)


@cache
def fact_views() -> str:
    """Return a view for each table of facts that shows only the rows of the run's files.

    The store holds the facts of every tree that was ever read. A query finds these views by the plain name, and the
    tables as `main.X`.
    """
    own = "(SELECT blob FROM temp.all_file)"
    return "\n".join(
        f"CREATE TEMP VIEW {table} AS SELECT * FROM main.{table} WHERE {key} IN {own};"  # noqa: S608
        for table, key in [("blob", "id"), *((table, "blob") for table in _FACTS.findall(schema()))]
    )


def _with_twins(text: str) -> str:
    written = "\n\n".join(part for block in text.strip().split("\n\n") for part in _of_both_sides(block))
    created = set(_VIEW.findall(written))
    twins = [
        f"CREATE TEMP VIEW {prefix}{name} AS SELECT * FROM all_{name} WHERE side = '{side}';"  # noqa: S608
        for name in _SIDED.findall(text)
        if name not in created
        for prefix, side in _SIDES
    ]
    return "\n".join([written, *([""] if twins else []), *twins, ""])


def _of_both_sides(block: str) -> list[str]:
    if "{base_}" not in block:
        return [block]
    return [block.replace("{base_}", prefix).replace("{side}", side) for prefix, side in _SIDES]
