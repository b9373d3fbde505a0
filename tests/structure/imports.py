"""The imports of caplint's own modules, read from their text: also those in functions, and those for types alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

Arrows = set[tuple[str, str]]
"""What imports, and what is imported."""


def modules(root: Path) -> dict[str, Path]:
    """Dotted name → file, of the package `caplint` below a directory."""
    files = {".".join(file.relative_to(root).with_suffix("").parts): file for file in root.glob("caplint/**/*.py")}
    return {name.removesuffix(".__init__"): file for name, file in files.items()}


def imports(root: Path) -> tuple[Arrows, Arrows]:
    """Between modules: when the program runs, and below `if TYPE_CHECKING` only."""
    known = modules(root)
    found: tuple[Arrows, Arrows] = set(), set()
    for name, file in known.items():
        for target, typed in _targets(ast.parse(file.read_text("utf-8")), known, typed=False):
            if target != name:
                found[typed].add((name, target))
    return found[0], found[1] - found[0]


def _targets(node: ast.AST, known: dict[str, Path], *, typed: bool) -> Iterator[tuple[str, bool]]:
    match node:
        case ast.ImportFrom(module=str(module)) if module.partition(".")[0] == "caplint":
            names = (f"{module}.{alias.name}" for alias in node.names)
            yield from ((name if name in known else module, typed) for name in names)
        case ast.Import():
            yield from ((alias.name, typed) for alias in node.names if alias.name in known)
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            for statement in node.body:
                yield from _targets(statement, known, typed=True)
            for statement in node.orelse:
                yield from _targets(statement, known, typed=typed)
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _targets(child, known, typed=typed)


def folders(arrows: Arrows, packages: set[str]) -> Arrows:
    """Arrows between folders, each standing for the files in it, and the files that lie beside them at the top."""

    def folder(name: str) -> str:
        return name if name in packages or name.count(".") == 1 else name.rpartition(".")[0]

    between = {(folder(one), folder(other)) for one, other in arrows}
    return {(one, other) for one, other in between if one != other}


def circles(arrows: Arrows) -> list[list[str]]:
    """Groups of which each member leads to each other."""
    ahead: dict[str, set[str]] = {}
    for one, other in arrows:
        ahead.setdefault(one, set()).add(other)
    beyond = {name: _reached(ahead, name) for name in ahead}
    groups = {
        tuple(sorted(other for other in beyond[name] if name in beyond.get(other, ())))
        for name in ahead
        if name in beyond[name]
    }
    return [list(group) for group in sorted(groups)]


def _reached(ahead: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in ahead.get(waiting.pop(), ()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen
