"""Capabilities that each header defines, with their numbers, and the uses of their names in code."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from functools import partial

from caplint.c.expression import USER_SPACE, parse
from caplint.c.formula import substitute, text
from caplint.knowledge.capability_names import is_capability
from caplint.knowledge.load import knowledge
from caplint.link.core.rows import CutRow, insert
from caplint.link.core.values import number_column
from caplint.link.uapi.argument_names import divided
from caplint.link.uapi.pasted_uses import link_pasted
from caplint.link.uapi.rows import CapRow
from caplint.util.suggest import nearest
from caplint.values.macro_text import LookedUp
from caplint.values.numbers import Definition, Numbers, UnknownValueError

CODE = "code"
"""Kind of a header's copy that a VMM's code itself is: `#define KVM_CAP_X 1` beside the code that uses it."""
# Maximum number of definitions read per capability; real headers have at most two, under different configurations.
_MOST_DEFINITIONS = 64
# Comparisons of unknown names with capabilities; a suggestion costs one for each capability, of which Linux has 250.
_MOST_COMPARISONS = 100_000
_WORD = re.compile(r"\w+")


def link_capabilities(connection: sqlite3.Connection) -> None:
    """Fill `all_cap` and `all_cap_use`; register the SQL function `nearest_cap`."""
    _definitions(connection)
    names = sorted({name for (name,) in connection.execute("SELECT name FROM temp.all_cap WHERE header = 'uapi'")})
    connection.create_function("nearest_cap", 1, _Nearest(names), deterministic=True)
    connection.execute("""
        INSERT INTO temp.all_cap_use (side, tree, role, path, line, column, cap, arch, kind)
        SELECT f.side, f.tree, f.role, f.path, t.line, t.column, t.name, f.arch, t.kind
        FROM temp.all_file f CROSS JOIN main.token t ON t.blob = f.blob
        WHERE t.name GLOB 'KVM_CAP_*' AND t.name NOT GLOB '*_' AND f.header IS NULL AND NOT f.expanded
          AND t.name NOT IN (SELECT name FROM temp.all_cap_value)
          AND t.kind NOT IN ('comment', 'string', 'disabled', 'message', 'documentation', 'pasted part', 'import')
          -- An enumeration in Rust lists what there is; its variants are what the code uses.
          AND NOT (t.kind = 'enumerator' AND f.path GLOB '*.rs')
        ORDER BY f.side, f.tree, f.path, t.line, t.column, t.name
    """)
    _link_variants(connection)
    link_pasted(connection)


def _link_variants(connection: sqlite3.Connection) -> None:
    """Add the uses of capabilities by the variants of a Rust program's own enumerations, where they are passed on."""
    values: dict[tuple[str, str], dict[str, str]] = {}
    for side, tree, name, value in connection.execute(
        """SELECT f.side, f.tree, e.name, e.value FROM temp.all_file f JOIN main.enumerator e ON e.blob = f.blob
           WHERE f.path GLOB '*.rs' AND e.value GLOB 'KVM_CAP_*' AND e.name GLOB '*__*'"""
    ):
        values.setdefault((side, tree), {})[name] = value
    rows = []
    for (side, tree), names in values.items():
        for role, path, line, column, arch, arguments in connection.execute(
            """SELECT f.role, f.path, k.line, k.column, f.arch, k.arguments
               FROM temp.all_file f JOIN main.call k ON k.blob = f.blob
               WHERE f.side = ? AND f.tree = ? AND f.path GLOB '*.rs' AND k.arguments GLOB '*__*'
               ORDER BY f.path, k.start""",
            (side, tree),
        ):
            used = dict.fromkeys(names[word] for word in _WORD.findall(arguments) if word in names)
            rows += [(side, tree, role, path, line, column, cap, arch) for cap in used if is_capability(cap)]
    connection.executemany(
        """INSERT INTO temp.all_cap_use (side, tree, role, path, line, column, cap, arch, kind)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'variant')""",
        rows,
    )


class _Nearest:
    """Finder of the capability that is probably meant by an unknown name, within a number of comparisons of a run."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._left = _MOST_COMPARISONS
        self._known: dict[str, str | None] = {}

    def __call__(self, name: str) -> str | None:
        """Return the capability, None without a similar one, and for every further name once the run has had many."""
        if name not in self._known and self._left > 0:
            self._left -= len(self._names)
            self._known[name] = nearest(name, self._names)
        return self._known.get(name)


def _definitions(connection: sqlite3.Connection) -> None:
    rows = connection.execute(
        """
        SELECT f.side, f.tree, f.role, f.path, m.line, m.column, m.name, m.body, coalesce(f.header, ?), f.arch, c.text,
               m.comment
        FROM temp.all_file f  -- first: the store has the headers of many other trees
        CROSS JOIN main.macro m ON m.blob = f.blob JOIN main.condition c ON c.id = m.condition
        WHERE (f.header IS NOT NULL OR f.role = 'vmm') AND NOT f.expanded
          AND m.name GLOB 'KVM_CAP_*' AND m.parameters IS NULL AND m.body <> ''
        ORDER BY f.side, f.tree, f.path, m.line
    """,
        (CODE,),
    ).fetchall()
    numbers: dict[tuple[str, str, str], Numbers] = {}
    cap_rows = []
    defined: Counter[tuple[str, str, str, str]] = Counter()
    cuts: dict[tuple[str, str, str], int] = {}
    for side, tree, role, path, line, column, name, body, header, arch, condition, comment in rows:
        if not is_capability(name) or name in knowledge().not_capabilities:
            continue
        presence = text(substitute(parse(condition), USER_SPACE)) if "__KERNEL__" in condition else condition
        if presence == "0":
            continue
        key = (side, tree, header)
        defined[*key, name] += 1
        if defined[*key, name] > _MOST_DEFINITIONS:
            cuts.setdefault((side, tree, path), line)
            continue
        if key not in numbers:
            numbers[key] = Numbers(LookedUp(partial(_definition, connection, *key)))
        number = number_column(_number(numbers[key], body))
        cap_rows.append(
            CapRow(side, tree, role, path, line, column, name, number, _alias(body), header, arch, presence, comment)
        )
    capabilities, values = divided(connection, list(_with_bases(cap_rows)))
    insert(connection, "all_cap", capabilities)
    insert(connection, "all_cap_value", values)
    reason = f"a capability that has more than {_MOST_DEFINITIONS} definitions"
    insert(connection, "all_cut", [CutRow(*location, line, 0, 0, reason) for location, line in cuts.items()])


def _with_bases(rows: list[CapRow]) -> Iterator[CapRow]:
    """Yield the rows; one of a VMM with the kernel's number and name, and further words behind it, is an alias."""
    kernel = {row.name: row.number for row in rows if row.role == "kernel" and row.header == "uapi"}
    for row in rows:
        base = _base(row, kernel) if row.role == "vmm" and row.alias is None and row.name not in kernel else None
        yield row._replace(alias=base) if base else row


def _base(row: CapRow, kernel: dict[str, int | str | None]) -> str | None:
    words = row.name.split("_")
    names = ("_".join(words[:end]) for end in range(len(words) - 1, 2, -1))
    return next((name for name in names if row.number is not None and kernel.get(name) == row.number), None)


def _number(numbers: Numbers, body: str) -> int | None:
    try:
        return numbers.of(body)
    except UnknownValueError:
        return None


def _definition(connection: sqlite3.Connection, side: str, tree: str, header: str, name: str) -> Definition | None:
    """Return the last definition of a macro in one of a tree's copies of the UAPI."""
    row = connection.execute(
        """SELECT m.parameters, m.body FROM temp.all_file f JOIN main.macro m ON m.blob = f.blob
           WHERE f.side = ? AND f.tree = ? AND coalesce(f.header, 'code') = ? AND m.name = ?
           ORDER BY f.path DESC, m.line DESC LIMIT 1""",
        (side, tree, header, name),
    ).fetchone()
    return Definition.of(*row) if row else None


def _alias(body: str) -> str | None:
    bare = body.strip("() ")
    return bare if is_capability(bare) else None
