"""Lowering of a Rust file to C text, with the origin of each piece.

The C text says what the C front end can use: definitions, calls with the use of their results, conditions and values.
It is no program: types are rough, generic arguments and lifetimes are gone, and what C has no word for is a call.

| Rust | C |
|---|---|
| `const X: u32 = 1;` | `#define X 1` |
| `enum E { A = X }`, `E::A` | `enum E { E__A = X }`, `E__A` |
| `recv.name(a)` | `name((struct T *)recv, a)`; the cast if the file tells the type |
| `f()?`, `f().unwrap()`, `f().expect_err("")` | `if (f() < 0) return -1;`, `… panic();`, `… { }` |
| `let _ = f();`, `f().ok();` | `(void)f();` |
| `if let`, `match` with patterns that take apart | a chain of tests of a variable |
| `for x in list` | `while (more) { int x = (list)[each]; … }` |
| `list.iter().all(|x| f(x))` | `all(({ int x = (list)[each]; each(f(x)); }))` |
| `let f = |a| body`, `macro_rules! m { ($a:expr) => … }` | `#define f_closure(a) …`, `#define m_macro(a) …` |
| `#[cfg(target_arch = "x86_64")]` | `#if defined(__x86_64__)` … `#endif` |
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import tree_sitter

from caplint.c.conditions import Problem
from caplint.rust.items import macro_names, write_items
from caplint.rust.names import imports, type_name
from caplint.rust.output import OriginMap, Output
from caplint.rust.scope import RustScope
from caplint.rust.statements import statement
from caplint.rust.syntax import RustFile, language, parse

_MOST_MEMBERS = 20_000


@dataclass(frozen=True)
class Lowered:
    """C text of a Rust file."""

    file: RustFile
    text: bytes
    origins: OriginMap
    skipped: list[tuple[int, int]]
    """Extents of the source that are compiled into no program, such as unit tests."""
    imports: dict[str, list[str]]
    """Names that `use` brings in, with their paths."""

    @property
    def problems(self) -> list[Problem]:
        """Extents of the source that were not understood."""
        return self.file.problems


def lower(source: bytes) -> Lowered:
    """Lower a file. Raises `UnreadableError` for one that cannot be read at all."""
    file = parse(source)
    found = tree_sitter.QueryCursor(_query()).captures(file.root)
    members = _members(file, found.get("structure", []))
    scope = RustScope(file, Output(), imports(file, file.root), members, statement)
    scope.macros = macro_names(file, found.get("macro", []))
    write_items(scope, file.root.named_children)
    out = scope.out
    if out.is_full:
        file.problems.append(Problem(out.origin, len(source), "too long when written as C"))
    return Lowered(file, out.text(), OriginMap(out.starts, out.origins), scope.skipped, scope.imports)


@lru_cache(maxsize=1)
def _query() -> tree_sitter.Query:
    return tree_sitter.Query(language(), "(struct_item) @structure (macro_definition) @macro")


def _members(file: RustFile, structures: list[tree_sitter.Node]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for node in structures:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None or len(found) > _MOST_MEMBERS:
            continue
        ordinal = 0
        for child in body.named_children:
            field, kind = child.child_by_field_name("name"), child.child_by_field_name("type")
            if field is not None and (held := type_name(file, kind)):
                found[file.plain(name), file.plain(field)] = held
            elif field is None and "type" in child.type and (held := type_name(file, child)):
                found[file.plain(name), str(ordinal)] = held
                ordinal += 1
    return found
