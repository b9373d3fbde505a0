"""Rust text as it is lowered, and the nodes of its syntax tree, for the tests of what lowers it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter

from caplint.rust.lower import lower
from caplint.rust.output import Output
from caplint.rust.scope import RustScope
from caplint.rust.statements import statement
from caplint.rust.syntax import RustFile, parse

_MADE = re.compile(r"\b(held|value|entry)_(\d+)\b")


def c_of(source: str) -> str:
    """Return the C text of a file on one line; variables that lowering makes are numbered from 1."""
    lowered = lower(source.encode())
    assert not lowered.problems, lowered.problems
    text = " ".join(lowered.text.decode().split())
    numbers: dict[str, int] = {}
    return _MADE.sub(lambda made: f"{made[1]}_{numbers.setdefault(made[0], len(numbers) + 1)}", text)


def body_of(statements: str, *, gives: bool = True) -> str:
    """Return the C text of the body of a function that has a variable `vm`, and gives a value or none."""
    text = c_of(f"fn f(vm: &VmFd) {'-> R ' if gives else ''}{{\n{statements}\n}}")
    before, after = f"static {'struct R' if gives else 'void'} f(struct VmFd *vm) {{ {{ ", "} }"
    assert text.startswith(before)
    assert text.endswith(after)
    return text[len(before) : -len(after)].strip()


def nodes_of(kind: str, source: str) -> tuple[RustFile, list[tree_sitter.Node]]:
    """Return a file and its nodes of one kind, in order."""
    file = parse(source.encode())
    return file, [node for node in _all(file.root) if node.type == kind]


def _all(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    yield node
    for child in node.named_children:
        yield from _all(child)


def scope_of(file: RustFile, **names: dict[str, str]) -> RustScope:
    """Return the place in a file before anything is lowered, with the types of its variables."""
    return RustScope(file, Output(), {}, {}, statement, **names)  # type: ignore[arg-type]
