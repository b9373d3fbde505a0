"""Statements as C writes them. What a block gives is returned, assigned or dropped where the block ends."""

from __future__ import annotations

from collections.abc import Callable

import tree_sitter

from caplint.rust.branches import write_if, write_match
from caplint.rust.expressions import entries, expression, operand
from caplint.rust.names import c_type, safe, type_name
from caplint.rust.output import Output
from caplint.rust.patterns import bindings
from caplint.rust.results import BLOCKS, Peeled, peeled
from caplint.rust.scope import DROP, RETURN, Fate, RustScope, conditioned
from caplint.rust.value_types import first_inside, type_of_value
from caplint.rust.words import words

_ITEMS = frozenset(
    {"function_item", "impl_item", "struct_item", "enum_item", "union_item", "mod_item", "trait_item", "const_item",
     "static_item", "use_declaration", "type_item", "extern_crate_declaration", "foreign_mod_item", "macro_definition",
     "empty_statement", "function_signature_item"}
)  # fmt: skip
_LONGEST_MACRO = 4000


def statement(scope: RustScope, node: tree_sitter.Node, fate: Fate) -> None:
    """Write an expression as a statement whose value has this fate."""
    if not scope.out.is_full:
        _WRITERS.get(node.type, _simple)(scope, node, fate)


def _inner(scope: RustScope, node: tree_sitter.Node, _: Fate) -> None:
    inner = first_inside(node)
    if inner is not None:
        statement(scope, inner, DROP)


def _wrapped(scope: RustScope, node: tree_sitter.Node, fate: Fate) -> None:
    """Write the block of `unsafe { … }` and the like."""
    inner = next((child for child in node.named_children if child.type == "block"), None)
    if inner is not None:
        _block(scope, inner, fate)


def _continue(scope: RustScope, node: tree_sitter.Node, _: Fate) -> None:
    scope.out.put("continue;\n", node.start_byte)


def _break(scope: RustScope, node: tree_sitter.Node, _: Fate) -> None:
    """Write `break`, before it the value that it gives its loop or block."""
    label = _label(scope, node)
    given = [child for child in node.named_children if "comment" not in child.type and child.type != "label"]
    if given:
        fates = (fate for kind, name, fate in reversed(scope.left) if (name == label if label else kind != "block"))
        statement(scope, given[0], next(fates, DROP))
    scope.out.put("break;\n", node.start_byte)


def _label(scope: RustScope, node: tree_sitter.Node) -> str:
    return next((scope.file.plain(child) for child in node.named_children if child.type == "label"), "")


def _assignment(scope: RustScope, node: tree_sitter.Node, _: Fate) -> None:
    """Write an assignment, and the test that `?` or the like makes of the value."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return
    if scope.file.plain(left) == "_":
        _nothing(scope, left, right)
        return
    expression(scope, node)
    scope.out.put(";\n")
    found = peeled(scope.file, right)
    if found.kind in _END and "(" not in scope.file.plain(left):
        scope.out.put("if (", right.start_byte)
        expression(scope, left)
        scope.out.put(f" < 0) {_END[found.kind]}\n")


def _parenthesized(scope: RustScope, node: tree_sitter.Node, fate: Fate) -> None:
    inside = first_inside(node)
    if inside is not None and inside.type in BLOCKS:
        statement(scope, inside, fate)
    else:
        _simple(scope, node, fate)


def _return(scope: RustScope, node: tree_sitter.Node, _: Fate) -> None:
    inner = first_inside(node)
    if inner is None:
        scope.out.put("return;\n", node.start_byte)
    else:
        statement(scope, inner, RETURN)


def _block(scope: RustScope, node: tree_sitter.Node, fate: Fate) -> None:
    out, file = scope.out, scope.file
    out.put("{\n", node.start_byte)
    labels = [("block", label, fate)] if (label := _label(scope, node)) else []
    scope.left += labels
    known, closures = dict(scope.types), dict(scope.closures)
    found = [pair for pair in conditioned(file, node.named_children) if pair[1].type != "label"]
    giving = _giving(file.text, found)
    for index, (conditions, child) in enumerate(found):
        if scope.skips(conditions, child):
            continue
        for condition in conditions:
            out.directive(f"if {condition}")
        if child.type in _ITEMS:
            scope.hoisted.append(child)
        elif child.type == "ERROR":
            for inside in child.named_children:
                statement(scope, inside, DROP)
        elif index >= giving:
            inner = first_inside(child) if child.type == "expression_statement" else child
            if inner is not None:
                statement(scope, inner, fate)
        else:
            statement(scope, child, DROP)
        for _ in conditions:
            out.directive("endif")
    out.line()
    out.put("}\n", max(node.start_byte, node.end_byte - 1))
    scope.types, scope.closures = known, closures
    del scope.left[len(scope.left) - len(labels) :]


def _giving(text: bytes, found: list[tuple[list[str], tree_sitter.Node]]) -> int:
    """Return the index from which on the nodes of a block give its value: the last one, or several under conditions."""
    index = len(found)
    while index and _gives(text, found[index - 1][1]) and (index == len(found) or found[index - 1][0]):
        index -= 1
        if not found[index][0]:
            break
    return index


def _gives(text: bytes, node: tree_sitter.Node) -> bool:
    """Tell whether the last node of a block gives the block its value."""
    if node.type == "let_declaration" or node.type in _ITEMS:
        return False
    return node.type != "expression_statement" or text[node.end_byte - 1 : node.end_byte] != b";"


def _loop(scope: RustScope, node: tree_sitter.Node, fate: Fate) -> None:
    out = scope.out
    body, condition = node.child_by_field_name("body"), node.child_by_field_name("condition")
    if node.type == "for_expression":
        value, pattern = node.child_by_field_name("value"), node.child_by_field_name("pattern")
        out.put("while (more) {\n", node.start_byte)
        if value is not None and pattern is not None:
            names = bindings(scope.file, pattern)
            # Of `(index, entry)` the last one is the entry.
            for name in names[-1:]:
                out.put(f"int {safe(name)} = (", pattern.start_byte)
                expression(scope, value)
                out.put(")[each];\n")
                scope.types.pop(name, None)
    else:
        out.put("while (", node.start_byte)
        if condition is not None:
            expression(scope, condition)
        else:
            out.put("1")
        out.put(") {\n")
    if body is not None:
        scope.left.append((node.type, _label(scope, node), fate if node.type == "loop_expression" else DROP))
        statement(scope, body, DROP)
        scope.left.pop()
    out.put("}\n")


def _simple(scope: RustScope, node: tree_sitter.Node, fate: Fate) -> None:
    found = peeled(scope.file, node)
    if found.node.type in BLOCKS:
        if not found.kind:
            statement(scope, found.node, fate)
            return
        target = scope.fresh("value", found.node)
        scope.out.put(f"int {target};\n", found.node.start_byte)
        statement(scope, found.node, ("assign", target))
        _judged(scope, found, target)
        if fate[0] != "drop":
            scope.out.put(f"{'return' if fate == RETURN else fate[1] + ' ='} {target};\n")
        return
    if (name := _asserting(scope, found.node)) in words().leaving:
        _assert(scope, found.node, name)
        return
    match fate:
        case ("drop", _):
            _dropped(scope, found)
        case ("return", _):
            scope.out.put("return ", node.start_byte)
            expression(scope, found.node)
            scope.out.put(";\n")
        case (_, target):
            scope.out.put(f"{target} = ", node.start_byte)
            expression(scope, found.node)
            scope.out.put(";\n")
            _judged(scope, found, target)


def _dropped(scope: RustScope, found: Peeled) -> None:
    out = scope.out
    if found.kind in {"try", "fatal", "expected"}:
        out.put("if (", found.node.start_byte)
        expression(scope, found.node)
        out.put(f" < 0) {_END[found.kind]}\n")
        return
    if name := _asserting(scope, found.node):
        _assert(scope, found.node, name)
        return
    out.put("(void)" if found.kind == "dropped" else "", found.node.start_byte)
    expression(scope, found.node)
    out.put(";\n")


_END = {"try": "return -1;", "fatal": "panic();", "expected": "{ }"}


def _judged(scope: RustScope, found: Peeled, target: str) -> None:
    """Write the test that an operator or method makes of the value of a variable."""
    if found.kind in _END:
        scope.out.put(f"if ({target} < 0) {_END[found.kind]}\n")


def _asserting(scope: RustScope, node: tree_sitter.Node) -> str:
    function = node.child_by_field_name("function") if node.type == "call_expression" else None
    if function is None or not scope.file.is_macro(function):
        return ""
    name = scope.file.plain(function).rpartition("::")[2]
    table = words()
    known = table.asserting | table.asserting_equal | table.asserting_different | table.leaving
    return name if name in known else ""


def _assert(scope: RustScope, node: tree_sitter.Node, name: str) -> None:
    """Write a macro that leaves unless its condition holds."""
    arguments = node.child_by_field_name("arguments")
    listed = arguments.named_children if arguments is not None else []
    given = [child for child in listed if "comment" not in child.type]
    out, table = scope.out, words()
    if name in table.leaving or not given:
        out.put("panic();\n", node.start_byte)
        return
    out.put("if (!(", node.start_byte)
    if name not in table.asserting and len(given) > 1:
        operand(scope, given[0])
        out.put(" == " if name in table.asserting_equal else " != ")
        operand(scope, given[1])
    else:
        expression(scope, given[0])
    out.put(")) panic();\n")


def _let(scope: RustScope, node: tree_sitter.Node, _: Fate) -> None:
    file = scope.file
    pattern, value = node.child_by_field_name("pattern"), node.child_by_field_name("value")
    alternative = node.child_by_field_name("alternative")
    if pattern is None:
        return
    names = bindings(file, pattern)
    if value is None:
        for name in names:
            scope.out.put(f"{c_type(file, node.child_by_field_name('type'))} {safe(name)};\n", pattern.start_byte)
        return
    if not names:
        _nothing(scope, pattern, value)
        return
    name = names[0]
    kind = type_name(file, node.child_by_field_name("type")) or type_of_value(scope, value)
    found = peeled(file, value)
    if found.node.type == "closure_expression":
        _closure(scope, name, found.node)
        return
    _declared(scope, (name, kind, pattern), found)
    for other in names:
        scope.closures.pop(other, None)
        scope.types.pop(other, None)
    if kind and len(names) == 1:
        scope.types[name] = kind
    for other in names[1:]:
        scope.out.put(f"int {safe(other)} = {safe(name)};\n", pattern.start_byte)
    if alternative is not None:
        scope.out.put(f"if ({safe(name)} < 0)\n", alternative.start_byte)
        statement(scope, alternative, DROP)


def _nothing(scope: RustScope, pattern: tree_sitter.Node, value: tree_sitter.Node) -> None:
    """Write `let _ = value`, which drops a result on purpose."""
    found = peeled(scope.file, value)
    if found.node.type in BLOCKS or found.kind in _END:
        statement(scope, value, DROP)
        return
    scope.out.put("(void)", pattern.start_byte)
    expression(scope, found.node)
    scope.out.put(";\n")


def _declared(scope: RustScope, declared: tuple[str, str, tree_sitter.Node], found: Peeled) -> None:
    """Write the declaration of a variable (name, type, pattern) and its value."""
    name, kind, pattern = declared
    out, value = scope.out, found.node
    is_vec = value.start_byte in scope.file.macros and scope.file.plain(value).startswith("vec ")
    if value.type == "array_expression" or (is_vec and value.type == "call_expression"):
        out.put(f"unsigned long {safe(name)}[] = ", pattern.start_byte)
        listed = value.child_by_field_name("arguments") if value.type == "call_expression" else value
        if listed is not None:
            entries(scope, listed, "{ ", " }")
        out.put(";\n")
        return
    out.put(f"{'struct ' + safe(kind) if kind else 'int'} {safe(name)}", pattern.start_byte)
    if value.type in BLOCKS:
        out.put(";\n")
        statement(scope, value, ("assign", safe(name)))
    else:
        out.put(" = ")
        expression(scope, value)
        out.put(";\n")
    _judged(scope, found, safe(name))


def _parameters(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    """Return the parameters of a closure, `_` too, which has no node with a name."""
    return [child for child in node.children if child.type not in {"|", ","} and "comment" not in child.type]


def _closure(scope: RustScope, name: str, node: tree_sitter.Node) -> None:
    """Write a closure that has a name as a macro, at whose uses its body counts."""
    parameters, body = node.child_by_field_name("parameters"), node.child_by_field_name("body")
    names = [
        (bindings(scope.file, child) or [f"unused_{index}"])[0]
        for index, child in enumerate(_parameters(parameters) if parameters is not None else ())
    ]
    before, scope.out = scope.out, Output()
    if body is not None and body.type in BLOCKS:
        statement(scope, body, RETURN)
    elif body is not None:
        expression(scope, body)
    text, scope.out = " ".join(scope.out.text().decode().split()), before
    scope.closures.pop(name, None)
    if "#" in text or len(text) > _LONGEST_MACRO:
        statement(scope, body, DROP) if body is not None else None
        return
    macro = f"{safe(name)}_closure"
    scope.closures[name] = macro
    brackets = "({})" if text.startswith("{") else "{}"
    scope.out.line()
    scope.out.put(f"#define {macro}({', '.join(map(safe, names))}) {brackets.replace('{}', text)}\n", node.start_byte)


_WRITERS: dict[str, Callable[[RustScope, tree_sitter.Node, Fate], None]] = {
    "expression_statement": _inner,
    "let_declaration": _let,
    "block": _block,
    "unsafe_block": _wrapped,
    "async_block": _wrapped,
    "const_block": _wrapped,
    "try_block": _wrapped,
    "if_expression": write_if,
    "match_expression": write_match,
    "loop_expression": _loop,
    "while_expression": _loop,
    "for_expression": _loop,
    "return_expression": _return,
    "break_expression": _break,
    "continue_expression": _continue,
    "assignment_expression": _assignment,
    "compound_assignment_expr": _assignment,
    "parenthesized_expression": _parenthesized,
}
