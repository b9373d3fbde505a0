"""Closures that get each entry of a collection in turn: `caps.iter().all(|cap| …)` is lowered as a loop over it is."""

from __future__ import annotations

from collections.abc import Callable

import tree_sitter

from caplint.rust.names import safe
from caplint.rust.patterns import bindings
from caplint.rust.results import BLOCKS
from caplint.rust.scope import RustScope
from caplint.rust.syntax import RustFile
from caplint.rust.words import words

Write = Callable[[RustScope, tree_sitter.Node], None]


def entry_closure(
    file: RustFile, name: str, receiver: tree_sitter.Node, given: list[tree_sitter.Node]
) -> tree_sitter.Node | None:
    """Return the closure that a method calls for each entry of an iterator; None for any other call."""
    if name not in words().walking or receiver.type != "call_expression" or not given:
        return None
    function = receiver.child_by_field_name("function")
    field = function.child_by_field_name("field") if function is not None else None
    if field is None or file.plain(field) not in words().entries:
        return None
    closure = given[-1]
    parameters = closure.child_by_field_name("parameters") if closure.type == "closure_expression" else None
    return closure if parameters is not None and len(parameters.named_children) == 1 else None


def write_walk(scope: RustScope, name: str, given: tuple[tree_sitter.Node, tree_sitter.Node], write: Write) -> None:
    """Write the call of a method, with its closure as a block in which the parameter is an entry.

    `given`: the receiver, and the closure, whose value counts as handed on: the method decides by it.
    """
    out, (receiver, closure) = scope.out, given
    parameters, body = closure.child_by_field_name("parameters"), closure.child_by_field_name("body")
    out.put(f"{safe(name)}(({{ ", closure.start_byte)
    # Of `(index, entry)` the last one is the entry.
    for bound in bindings(scope.file, parameters)[-1:] if parameters is not None else ():
        out.put(f"int {safe(bound)} = (")
        write(scope, receiver)
        out.put(")[each];\n")
        scope.types.pop(bound, None)
    if body is not None and body.type in BLOCKS:
        target = scope.fresh("entry", body)
        out.put(f"int {target};\n")
        scope.statement(scope, body, ("assign", target))
        out.put(f"each({target}); ")
    elif body is not None:
        out.put("each(")
        write(scope, body)
        out.put("); ")
    out.put("}))")
