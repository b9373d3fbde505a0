"""Calls in the body of a Rust function, each with how the program writes its receiver.

A receiver is a chain, as nested lists: `["self"]`, `["t", type]`, `["f", chain, field]`, `["m", chain, method]`,
`["c", path]` for the value of a call. Local variables are replaced by the chain of their value. None is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import tree_sitter

from caplint.rust.cfg import NEVER
from caplint.rust.cfg_branches import branches
from caplint.rust.held_types import Bounds, held_type, plain_path
from caplint.rust.scope import conditioned
from caplint.rust.syntax import RustFile

Chain = list[Any] | None
Call = tuple[str, Any, int, list[str], int]
"""Kind (`p` path, `m` method, `v` function that is passed on), path or name and chain, offset, conditions, and the
number of arguments, -1 if conditions of compilation choose them."""

_MOST_STEPS = 12
_THROUGH = frozenset(
    {"try_expression", "await_expression", "reference_expression", "parenthesized_expression", "unary_expression",
     "index_expression"}
)  # fmt: skip
_BLOCKS = frozenset({"block", "unsafe_block", "async_block", "const_block", "loop_expression", "labeled_expression"})
# Methods that give the entries of their receiver, or the value inside it, to a closure.
_GIVING = frozenset(
    [
        "map",
        "for_each",
        "try_for_each",
        "and_then",
        "filter",
        "filter_map",
        "flat_map",
        "find",
        "find_map",
        "any",
        "all",
        "inspect",
        "is_some_and",
        "is_ok_and",
        "map_or",
        "map_or_else",
        "position",
        "retain",
        "take_while",
        "unwrap_or_else",
    ]
)
# Patterns whose parts are the whole value.
_WHOLE = frozenset(
    [
        "reference_pattern",
        "ref_pattern",
        "mut_pattern",
        "match_pattern",
        "or_pattern",
        "captured_pattern",
        "slice_pattern",
    ]
)
_VALUES = frozenset({"Some", "Ok"})
_SKIPPED = frozenset({"line_comment", "block_comment", "attribute_item", "mutable_specifier"})


class BodyReader:
    """Reader of one function's body."""

    def __init__(self, file: RustFile, bounds: Bounds, inner: Callable[[tree_sitter.Node, list[str]], None]) -> None:
        self._file = file
        self._bounds = bounds
        self._inner = inner
        """Reader of items inside the function, which gets the conditions around them."""
        self._scopes: list[dict[str, Chain]] = [{}]
        self._conditions: list[str] = []
        self.calls: list[Call] = []

    def bind_type(self, pattern: tree_sitter.Node, kind: tree_sitter.Node | None) -> None:
        """Bind the names of a parameter."""
        self._bind(pattern, self._typed(kind))

    def read(self, node: tree_sitter.Node) -> None:
        """Read a node and everything inside it."""
        reader = _READERS.get(node.type)
        if reader is not None:
            reader(self, node)
        elif node.type.endswith("_item") or node.type in {"macro_definition", "use_declaration"}:
            self._inner(node, [*self._conditions])
        else:
            self._children(node.named_children)

    def _children(self, nodes: Iterable[tree_sitter.Node]) -> None:
        for conditions, child in conditioned(self._file, nodes):
            if NEVER in conditions:
                continue
            self._conditions += conditions
            self.read(child)
            if conditions:
                del self._conditions[-len(conditions) :]

    def _macro(self, node: tree_sitter.Node) -> None:
        for condition, root in branches(self._file, node):
            self._conditions.append(condition)
            self._children(root.named_children)
            self._conditions.pop()

    def _scoped(self, node: tree_sitter.Node) -> None:
        self._scopes.append({})
        self._children(node.named_children)
        self._scopes.pop()

    def _let(self, node: tree_sitter.Node) -> None:
        self._children(child for child in node.named_children if "pattern" not in child.type)
        pattern, kind = node.child_by_field_name("pattern"), node.child_by_field_name("type")
        value = node.child_by_field_name("value")
        if pattern is not None:
            self._bind(pattern, self._typed(kind) or (self.chain(value) if value is not None else None))

    def _for(self, node: tree_sitter.Node) -> None:
        pattern, value = node.child_by_field_name("pattern"), node.child_by_field_name("value")
        body = node.child_by_field_name("body")
        if value is not None:
            self.read(value)
        self._scopes.append({})
        if pattern is not None and value is not None:
            self._bind(pattern, self.chain(value))
        if body is not None:
            self.read(body)
        self._scopes.pop()

    def _match(self, node: tree_sitter.Node) -> None:
        value, body = node.child_by_field_name("value"), node.child_by_field_name("body")
        if value is None or body is None:
            return
        self.read(value)
        matched = self.chain(value)
        for conditions, arm in conditioned(self._file, body.named_children):
            pattern, result = arm.child_by_field_name("pattern"), arm.child_by_field_name("value")
            if NEVER in conditions or result is None:
                continue
            self._scopes.append({})
            self._conditions += conditions
            for part in pattern.named_children if pattern is not None else ():
                if pattern is not None and part == pattern.child_by_field_name("condition"):
                    self.read(part)
                else:
                    self._bind(part, matched)
            self.read(result)
            if conditions:
                del self._conditions[-len(conditions) :]
            self._scopes.pop()

    def _closure(self, node: tree_sitter.Node, given: Chain = None) -> None:
        parameters, body = node.child_by_field_name("parameters"), node.child_by_field_name("body")
        self._scopes.append({})
        for index, child in enumerate(parameters.named_children if parameters is not None else ()):
            pattern = child.child_by_field_name("pattern") or child
            self._bind(pattern, self._typed(child.child_by_field_name("type")) or (given if index == 0 else None))
        if body is not None:
            self.read(body)
        self._scopes.pop()

    def _call(self, node: tree_sitter.Node) -> None:
        function, arguments = _callee(node), node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return
        chosen = any(child.type == "attribute_item" for child in arguments.named_children)
        count = -1 if chosen else sum(child.type not in _SKIPPED for child in arguments.named_children)
        given: Chain = None
        if function.type == "field_expression":
            field, value = function.child_by_field_name("field"), function.child_by_field_name("value")
            if field is None or value is None:
                return
            self.read(value)
            given = self.chain(value)
            name = self._file.plain(field)
            self._add("m", [name, given], field, count)
            given = given if name in _GIVING else None
        elif function.type in {"identifier", "scoped_identifier"}:
            self._add("p", self._path(function), function, count)
        else:
            self.read(function)
        self._arguments(arguments, given)

    def _arguments(self, arguments: tree_sitter.Node, given: Chain) -> None:
        for child in arguments.named_children:
            if child.type == "closure_expression":
                self._closure(child, given)
            elif child.type in {"identifier", "scoped_identifier"}:
                self._passed(child)
            else:
                self.read(child)

    def _passed(self, node: tree_sitter.Node) -> None:
        """Record a function that is passed on; the name of a value is recorded too, and leads to no function."""
        path = self._path(node)
        last = path.rpartition("::")[2]
        if last[:1].islower() and (node.type == "scoped_identifier" or self._local(path) is _ABSENT):
            self._add("v", path, node, -1)

    def _field(self, node: tree_sitter.Node) -> None:
        value = node.child_by_field_name("value")
        if value is not None and value.type in {"identifier", "scoped_identifier"}:
            self._passed(value)
        elif value is not None:
            self.read(value)

    def _add(self, kind: str, what: object, place: tree_sitter.Node, count: int) -> None:
        self.calls.append((kind, what, place.start_byte, [*self._conditions], count))

    def _path(self, node: tree_sitter.Node) -> str:
        """Return the path of a function; that of a macro has a `!` at its end."""
        if node.type == "scoped_identifier" and (qualified := _qualified(node)) is not None:
            name = node.child_by_field_name("name")
            kind = held_type(self._file, qualified, self._bounds)
            return f"{kind}::{self._file.plain(name)}" if kind and name is not None else ""
        path = plain_path(self._file.plain(node))
        first, mark, rest = path.partition("::")
        if mark and first in self._bounds:
            path = f"{self._bounds[first]}::{rest}" if self._bounds[first] else ""
        return f"{path}!" if self._file.is_macro(node) else path

    def _local(self, name: str) -> Chain | object:
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        return _ABSENT

    def _typed(self, kind: tree_sitter.Node | None) -> Chain:
        held = held_type(self._file, kind, self._bounds) if kind is not None else ""
        return ["t", held] if held else None

    def chain(self, node: tree_sitter.Node | None) -> Chain:
        """Return the chain of an expression; None for one that is not understood or too long."""
        found = self._chain(node, 0)
        depth, inner = 0, found
        while inner is not None and inner[0] in {"f", "m"}:
            depth, inner = depth + 1, inner[1]
        return found if inner is not None and depth <= _MOST_STEPS else None

    def _chain(self, node: tree_sitter.Node | None, steps: int) -> Chain:
        if node is None or steps > _MOST_STEPS:
            return None
        match node.type:
            case "self":
                return ["self"]
            case "identifier":
                local = self._local(self._file.plain(node))
                return ["g", self._file.plain(node)] if local is _ABSENT else local  # type: ignore[return-value]
            case "field_expression":
                return self._member("f", node, steps)
            case "call_expression":
                return self._called(node, steps)
            case "struct_expression" | "type_cast_expression":
                return self._typed(node.child_by_field_name("name") or node.child_by_field_name("type"))
            case "if_expression":
                return self._chain(node.child_by_field_name("consequence"), steps + 1)
        if node.type in _THROUGH:
            inner = next((child for child in node.named_children if child.type not in _SKIPPED), None)
            return self._chain(inner, steps + 1)
        if node.type in _BLOCKS and (inside := [part for part in node.named_children if part.type not in _SKIPPED]):
            return self._chain(inside[-1], steps + 1)
        return None

    def _member(self, kind: str, node: tree_sitter.Node, steps: int) -> Chain:
        field = node.child_by_field_name("field")
        base = self._chain(node.child_by_field_name("value"), steps + 1)
        return [kind, base, self._file.plain(field)] if base is not None and field is not None else None

    def _called(self, node: tree_sitter.Node, steps: int) -> Chain:
        function, arguments = _callee(node), node.child_by_field_name("arguments")
        if function is None:
            return None
        if function.type == "field_expression":
            return self._member("m", function, steps)
        if function.type not in {"identifier", "scoped_identifier"}:
            return None
        path = self._path(function)
        last = path.rpartition("::")[2]
        given = [child for child in arguments.named_children if child.type not in _SKIPPED] if arguments else []
        if (path in _VALUES or _is_holder(path)) and len(given) == 1:
            return self._chain(given[0], steps + 1)
        return ["c", path] if path and not last.endswith("!") else None

    def _bind(self, pattern: tree_sitter.Node, value: Chain) -> None:
        match pattern.type:
            case "identifier" | "shorthand_field_identifier":
                self._scopes[-1][self._file.plain(pattern)] = value
            case "tuple_struct_pattern":
                self._bind_variant(pattern, value)
            case "struct_pattern":
                self._bind_fields(pattern)
            case "tuple_pattern":
                for child, index in _places(pattern.children):
                    self._bind(child, ["f", value, index] if value is not None and index else None)
            case kind if kind in _WHOLE:
                for child in pattern.named_children:
                    self._bind(child, value)

    def _bind_variant(self, pattern: tree_sitter.Node, value: Chain) -> None:
        kind = pattern.child_by_field_name("type")
        name = self._file.plain(kind) if kind is not None else ""
        for child, index in _places([child for child in pattern.children if child != kind]):
            if name in _VALUES:
                self._bind(child, value)
            else:
                typed = self._typed(kind)
                self._bind(child, ["f", typed, index] if typed is not None and index else None)

    def _bind_fields(self, pattern: tree_sitter.Node) -> None:
        kind = self._typed(pattern.child_by_field_name("type"))
        for child in pattern.named_children:
            if child.type == "field_pattern":
                self._bind_field(child, kind)

    def _bind_field(self, child: tree_sitter.Node, kind: Chain) -> None:
        name, inner = child.child_by_field_name("name"), child.child_by_field_name("pattern")
        if name is not None:
            value = ["f", kind, self._file.plain(name)] if kind is not None else None
            self._bind(inner if inner is not None else name, value)


_ABSENT = object()
_READERS: dict[str, Callable[[BodyReader, tree_sitter.Node], None]] = {
    "block": BodyReader._scoped,
    "if_expression": BodyReader._scoped,
    "while_expression": BodyReader._scoped,
    "let_declaration": BodyReader._let,
    "let_condition": BodyReader._let,
    "for_expression": BodyReader._for,
    "match_expression": BodyReader._match,
    "closure_expression": BodyReader._closure,
    "call_expression": BodyReader._call,
    "macro_invocation": BodyReader._macro,
    "field_initializer": BodyReader._field,
}


def _callee(node: tree_sitter.Node) -> tree_sitter.Node | None:
    function = node.child_by_field_name("function")
    if function is not None and function.type == "generic_function":
        return function.child_by_field_name("function")
    return function


def _places(nodes: list[tree_sitter.Node]) -> Iterator[tuple[tree_sitter.Node, str]]:
    """Yield the parts of a tuple's pattern with their numbers, `_` counted; '' behind a `..`, where none is known."""
    parts = [node for node in nodes if node.type not in {"(", ")", ",", *_SKIPPED}]
    known = True
    for index, part in enumerate(parts):
        known = known and part.type != "remaining_field_pattern"
        if part.is_named:
            yield part, str(index) if known else ""


def _qualified(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return the type of `<T as Trait>::f`, else None."""
    path = node.child_by_field_name("path")
    if path is None or path.type != "bracketed_type":
        return None
    inner = next(iter(path.named_children), None)
    if inner is not None and inner.type == "qualified_type":
        return inner.child_by_field_name("type")
    return inner


def _is_holder(path: str) -> bool:
    kind, _, function = path.rpartition("::")
    holders = {"Arc", "Box", "Rc", "Mutex", "RwLock", "RefCell", "Cell", "Some"}
    return function in {"new", "clone", "from"} and kind.rpartition("::")[2] in holders
