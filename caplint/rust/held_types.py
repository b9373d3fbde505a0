"""Types as the call graph needs them: the type that a value holds, as one text.

`KvmVm` of `&Arc<KvmVm>`, `?KvmVm` of `Mutex<KvmVm>` (whose own methods come first), `A+B` of `impl A + B` and of a
generic parameter with these bounds, `(A,B)` of a tuple, '' of types that lead to no function. Paths are as the file
writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter

from caplint.rust.syntax import RustFile
from caplint.rust.words import words

Bounds = dict[str, str]
"""Generic parameter → its traits, joined by `+`."""

_PLAIN = frozenset({"Arc", "Box", "Rc"})
"""Holders without methods that code calls on them."""
_MAPS = frozenset({"HashMap", "BTreeMap", "IndexMap"})
_PAIR_OF_ONE = re.compile(r",\s*\)\Z")
_MOST_STEPS = 10
_MOST_PARTS = 8
_AUTO = frozenset({"Send", "Sync", "Sized", "Unpin", "Copy", "Clone", "Debug", "Default", "static"})


def held_type(file: RustFile, node: tree_sitter.Node | None, bounds: Bounds) -> str:
    """Return the text of a type."""
    wrapped = ""
    for _ in range(_MOST_STEPS):
        if node is None:
            return ""
        if node.type in {"reference_type", "pointer_type", "array_type", "slice_type"}:
            wrapped = "?" if node.type[0] in "as" else wrapped
            node = node.child_by_field_name("type") or node.child_by_field_name("element")
        elif node.type == "generic_type":
            outer = node.child_by_field_name("type")
            name = _path(file, outer) if outer is not None else ""
            last = name.rpartition("::")[2]
            given = _arguments(node)
            if not given or last not in {*words().holders, *_MAPS, *_PLAIN}:
                return wrapped + name
            wrapped = wrapped if last in _PLAIN else "?"
            node = given[-1 if last in _MAPS else 0]
        else:
            held = _simple(file, node, bounds)
            return wrapped + held if held else ""
    return ""


def _arguments(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    arguments = node.child_by_field_name("type_arguments")
    if arguments is None:
        return []
    return [child for child in arguments.named_children if child.type not in {"lifetime", "type_binding"}]


def _simple(file: RustFile, node: tree_sitter.Node, bounds: Bounds) -> str:
    match node.type:
        case "type_identifier" | "scoped_type_identifier" | "identifier" | "scoped_identifier":
            name = _path(file, node)
            return bounds.get(name, name)
        case "dynamic_type" | "abstract_type" | "bounded_type" | "trait_bounds" | "higher_ranked_trait_bound":
            return joined_bounds(file, node)
        case "tuple_type":
            parts = [held_type(file, child, bounds) for child in node.named_children[:_MOST_PARTS]]
            if len(parts) == 1 and not _PAIR_OF_ONE.search(file.plain(node)):
                return parts[0]  # brackets, as in `&(dyn Vm + Send)`
            return f"({','.join(part if ',' not in part else '' for part in parts)})"
    return ""


def joined_bounds(file: RustFile, node: tree_sitter.Node) -> str:
    """Return the traits inside a node, without those that have no methods of their own, joined by `+`."""
    found = dict.fromkeys(name for name in _traits(file, node) if name.rpartition("::")[2] not in _AUTO)
    return "+".join(list(found)[:_MOST_PARTS])


def _traits(file: RustFile, node: tree_sitter.Node) -> Iterator[str]:
    pending = [node]
    while pending:
        inner = pending.pop(0)
        if inner.type in {"type_identifier", "scoped_type_identifier"}:
            yield _path(file, inner)
        elif inner.type == "generic_type":
            outer = inner.child_by_field_name("type")
            if outer is not None:
                yield _path(file, outer)
        elif inner.type not in {"function_type", "lifetime", "removed_trait_bound"}:
            pending += inner.named_children


def bounds_of(file: RustFile, node: tree_sitter.Node, outer: Bounds) -> Bounds:
    """Return the bounds of the generic parameters of an item and of those around it."""
    found = dict(outer)
    parameters = node.child_by_field_name("type_parameters")
    for child in parameters.named_children if parameters is not None else ():
        name = child.child_by_field_name("name") or child.child_by_field_name("left")
        if child.type in {"lifetime", "lifetime_parameter"} or (name is None and child.type != "type_identifier"):
            continue
        limits = child.child_by_field_name("bounds")
        found[file.plain(name or child)] = joined_bounds(file, limits) if limits is not None else ""
    for clause in (child for child in node.named_children if child.type == "where_clause"):
        for predicate in clause.named_children:
            left, limits = predicate.child_by_field_name("left"), predicate.child_by_field_name("bounds")
            if left is not None and limits is not None and (bound := file.plain(left)) in found:
                found[bound] = "+".join(filter(None, (found[bound], joined_bounds(file, limits))))
    return found


def _path(file: RustFile, node: tree_sitter.Node) -> str:
    return plain_path(file.plain(node))


def plain_path(text: str) -> str:
    """Return a path without its generic arguments and blanks: `a::B` of `a::B::<T>`."""
    kept, depth = [], 0
    for symbol in text:
        if symbol == "<":
            depth += 1
        elif symbol == ">":
            depth -= 1
        elif not depth and not symbol.isspace():
            kept.append(symbol)
    parts = [part.removeprefix("r#") for part in "".join(kept).split("::") if part]
    return "::".join(parts)
