"""Expressions as C writes them. Conversions, borrows and error handling are dropped, so that the value remains."""

from __future__ import annotations

import re
from collections.abc import Callable

import tree_sitter

from caplint.rust.cfg import NEVER
from caplint.rust.iteration import entry_closure, write_walk
from caplint.rust.names import last_words, safe
from caplint.rust.results import BLOCKS, only_expression
from caplint.rust.scope import DROP, RustScope, conditioned
from caplint.rust.value_types import SKIPPED, choice_of, first_inside, name_of, number_text, static_type
from caplint.rust.words import words

_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*\Z")
LEAVES = frozenset({"return_expression", "break_expression", "continue_expression"})
_STRINGS = frozenset({"string_literal", "raw_string_literal", "char_literal", "byte_string_literal"})


def expression(scope: RustScope, node: tree_sitter.Node) -> None:
    """Write an expression."""
    out, file = scope.out, scope.file
    writer = _WRITERS.get(node.type)
    if writer is not None:
        writer(scope, node)
    elif node.type in BLOCKS or node.type in LEAVES:
        _block_value(scope, node)
    elif node.type in _STRINGS:
        out.put('"text"' if node.type != "char_literal" else "'c'", node.start_byte)
    elif node.type in {"boolean_literal", "integer_literal", "float_literal"}:
        out.put(number_text(file.plain(node)), node.start_byte)
    else:
        out.put("0", node.start_byte)


def _block_value(scope: RustScope, node: tree_sitter.Node) -> None:
    """Write the value of a block: alone, as `?:`, or as statements with a value."""
    out = scope.out
    if (only := only_expression(node)) is not None:
        operand(scope, only)
    elif (choice := choice_of(node)) is not None:
        for part, text in zip(choice, ("(", " ? ", " : "), strict=True):
            out.put(text, part.start_byte)
            expression(scope, part)
        out.put(")")
    elif node.type in LEAVES:
        out.put("({ ", node.start_byte)
        scope.statement(scope, node, DROP)
        out.put(" 0; })")
    else:
        name = scope.fresh("value", node)
        out.put(f"({{ int {name};\n", node.start_byte)
        scope.statement(scope, node, ("assign", name))
        out.put(f"{name}; }})")


def _identifier(scope: RustScope, node: tree_sitter.Node) -> None:
    scope.out.put(name_of(scope, node), node.start_byte)


def _inside(name: str) -> Callable[[RustScope, tree_sitter.Node], None]:
    def write(scope: RustScope, node: tree_sitter.Node) -> None:
        inner = node.child_by_field_name(name) if name else first_inside(node)
        if inner is None:
            scope.out.put("0", node.start_byte)
        else:
            expression(scope, inner)

    return write


def _reference(scope: RustScope, node: tree_sitter.Node) -> None:
    inner = node.child_by_field_name("value")
    scope.out.put("&", node.start_byte)
    if inner is not None:
        expression(scope, inner)


def _parenthesized(scope: RustScope, node: tree_sitter.Node) -> None:
    inner = first_inside(node)
    scope.out.put("(", node.start_byte)
    if inner is not None:
        expression(scope, inner)
    scope.out.put(")")


def _unary(scope: RustScope, node: tree_sitter.Node) -> None:
    operator = scope.file.plain(node)[:1]
    inner = first_inside(node)
    scope.out.put(operator, node.start_byte)
    if inner is not None:
        expression(scope, inner)


def _binary(scope: RustScope, node: tree_sitter.Node) -> None:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = node.child_by_field_name("operator")
    if left is None or right is None or operator is None:
        scope.out.put("0", node.start_byte)
        return
    for side, text in ((left, f" {operator.type} "), (right, "")):
        operand(scope, side)
        scope.out.put(text)


def operand(scope: RustScope, node: tree_sitter.Node) -> None:
    """Write an expression that stands beside an operator, or may do so, in brackets where C needs them."""
    is_choice = operand_needs_brackets(node)
    scope.out.put("(" if is_choice else "", node.start_byte)
    expression(scope, node)
    scope.out.put(")" if is_choice else "")


def operand_needs_brackets(node: tree_sitter.Node) -> bool:
    """Tell whether an operand has another precedence in C."""
    return node.type in {"binary_expression", "closure_expression", "range_expression", "assignment_expression"}


def _chain(scope: RustScope, node: tree_sitter.Node) -> None:
    parts = [child for child in node.named_children if child.type not in SKIPPED]
    for index, part in enumerate(parts):
        scope.out.put(" && " if index else "", part.start_byte)
        expression(scope, part)


def _condition(scope: RustScope, node: tree_sitter.Node) -> None:
    """Write the test of `let PATTERN = value`."""
    pattern, value = node.child_by_field_name("pattern"), node.child_by_field_name("value")
    scope.out.put(f"{test_of(scope, pattern)}(", node.start_byte)
    if value is not None:
        expression(scope, value)
    scope.out.put(")")


def test_of(scope: RustScope, pattern: tree_sitter.Node | None) -> str:
    """Return the name of the test that a pattern makes."""
    text = scope.file.plain(pattern).lstrip("& ") if pattern is not None else ""
    word = re.match(r"(?:\w+::)*(\w+)", text)
    match word.group(1) if word else "":
        case "Err" | "None":
            return "is_err"
        case "Ok" | "Some":
            return "is_ok"
    return "matches"


def _index(scope: RustScope, node: tree_sitter.Node) -> None:
    parts = [child for child in node.named_children if child.type not in SKIPPED]
    if len(parts) != 2:
        scope.out.put("0", node.start_byte)
        return
    expression(scope, parts[0])
    if parts[1].type == "range_expression":
        return  # a part of an array has its entries
    scope.out.put("[")
    expression(scope, parts[1])
    scope.out.put("]")


def _field(scope: RustScope, node: tree_sitter.Node) -> None:
    value, field = node.child_by_field_name("value"), node.child_by_field_name("field")
    if value is None or field is None:
        scope.out.put("0", node.start_byte)
        return
    expression(scope, value)
    name = scope.file.plain(field)
    scope.out.put(f".{safe(name) if not name.isdigit() else '_' + name}", field.start_byte)


def _array(scope: RustScope, node: tree_sitter.Node) -> None:
    entries(scope, node, "(int[]){ ", " }")


def entries(scope: RustScope, node: tree_sitter.Node, opening: str, closing: str) -> None:
    """Write the entries of a list, those under a condition between directives."""
    out = scope.out
    out.put(opening, node.start_byte)
    if node.child_by_field_name("length") is not None:
        out.put("0" + closing)  # one value for all
        return
    for conditions, child in conditioned(scope.file, node.named_children):
        with_condition(scope, conditions, child)
        out.put(", ")
        end_conditions(scope, conditions)
    out.put(closing)


def with_condition(scope: RustScope, conditions: list[str], node: tree_sitter.Node) -> None:
    """Write an expression after the directives of its conditions."""
    for condition in conditions:
        scope.out.directive(f"if {condition}")
    if NEVER not in conditions:
        expression(scope, node)
    else:
        scope.out.put("0")


def end_conditions(scope: RustScope, conditions: list[str]) -> None:
    """Write the ends of conditions."""
    for _ in conditions:
        scope.out.directive("endif")


def _structure(scope: RustScope, node: tree_sitter.Node) -> None:
    out, file = scope.out, scope.file
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    words_of = last_words(file.plain(name)) if name is not None else []
    tag = scope.own_type if words_of[-1:] == ["Self"] else (words_of or ["unknown"])[-1]
    out.put(f"(struct {safe(tag)}){{ ", node.start_byte)
    for conditions, child in conditioned(file, body.named_children if body is not None else ()):
        for condition in conditions:
            out.directive(f"if {condition}")
        if child.type == "field_initializer":
            field, value = child.child_by_field_name("field"), child.child_by_field_name("value")
            if field is not None and value is not None:
                out.put(f".{_member(file.plain(field))} = ", field.start_byte)
                if value.type == "array_expression":
                    entries(scope, value, "{ ", " }")
                else:
                    expression(scope, value)
                out.put(", ")
        elif child.type == "shorthand_field_initializer" and (inner := first_inside(child)) is not None:
            out.put(f".{_member(file.plain(inner))} = ", inner.start_byte)
            expression(scope, inner)
            out.put(", ")
        end_conditions(scope, conditions)
    out.put("}")


def _member(name: str) -> str:
    return f"_{name}" if name.isdigit() else safe(name)


def _cast(scope: RustScope, node: tree_sitter.Node) -> None:
    inner = node.child_by_field_name("value")
    if inner is not None:
        expression(scope, inner)


def _assignment(scope: RustScope, node: tree_sitter.Node) -> None:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = node.child_by_field_name("operator")
    if left is None or right is None:
        return
    expression(scope, left)
    scope.out.put(f" {operator.type if operator is not None else '='} ")
    expression(scope, right)


def _closure(scope: RustScope, node: tree_sitter.Node) -> None:
    """Write a closure as its body: its calls count as calls from here."""
    body = node.child_by_field_name("body")
    if body is None:
        scope.out.put("0", node.start_byte)
    elif body.type in BLOCKS:
        scope.out.put("({ ", node.start_byte)
        scope.statement(scope, body, DROP)
        scope.out.put(" 0; })")
    else:
        expression(scope, body)


def _call(scope: RustScope, node: tree_sitter.Node) -> None:
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is not None and function.type == "generic_function":
        function = function.child_by_field_name("function")
    if function is None or arguments is None:
        scope.out.put("0", node.start_byte)
        return
    given = [child for child in arguments.named_children if child.type not in SKIPPED]
    if function.type == "field_expression":
        _method(scope, function, given)
        return
    name = scope.file.plain(function).rpartition("::")[2]
    if scope.file.is_macro(function):
        _macro(scope, name, function, given)
    elif name in words().transparent and len(given) == 1:
        operand(scope, given[0]) if given[0].type != "unit_expression" else scope.out.put("0", node.start_byte)
    elif _CONSTANT.match(name) and not given:
        scope.out.put(name, function.start_byte)  # a function that gives the number of an ioctl
    else:
        callee = scope.closures.get(name) if function.type == "identifier" else None
        if function.type in {"identifier", "scoped_identifier", "self"}:
            scope.out.put(callee or safe((scope.imports.get(name, [name]))[-1]), function.start_byte)
        else:
            scope.out.put("call", function.start_byte)
            given = [function, *given]
        _arguments(scope, given)


def _method(scope: RustScope, function: tree_sitter.Node, given: list[tree_sitter.Node]) -> None:
    receiver, field = function.child_by_field_name("value"), function.child_by_field_name("field")
    if receiver is None or field is None:
        scope.out.put("0", function.start_byte)
        return
    name = scope.file.plain(field)
    table = words()
    if name in table.transparent or (name in table.fatal | table.expecting | table.dropping | table.entries):
        expression(scope, receiver)
        return
    if name in table.present or name in table.absent:
        scope.out.put("is_ok(" if name in table.present else "is_err(", field.start_byte)
        expression(scope, receiver)
        scope.out.put(")")
        return
    if (closure := entry_closure(scope.file, name, receiver, given)) is not None:
        write_walk(scope, name, (receiver, closure), expression)
        return
    scope.out.put(f"{safe(name)}(", field.start_byte)
    if name in table.mutating:
        scope.out.put("&")
    elif kind := static_type(scope, receiver):
        scope.out.put(f"(struct {safe(kind)} *)")
    expression(scope, receiver)
    for argument in given:
        scope.out.put(", ")
        expression(scope, argument)
    scope.out.put(")")


def _arguments(scope: RustScope, given: list[tree_sitter.Node]) -> None:
    scope.out.put("(")
    for index, argument in enumerate(given):
        scope.out.put(", " if index else "")
        # As the receiver of a method: an object that stands for a descriptor comes first.
        if index == 0 and argument.type in {"self", "reference_expression"} and (kind := static_type(scope, argument)):
            scope.out.put(f"(struct {safe(kind)} *)")
        expression(scope, argument)
    scope.out.put(")")


def _macro(scope: RustScope, name: str, function: tree_sitter.Node, given: list[tree_sitter.Node]) -> None:
    if name == "vec":
        entries_of(scope, function, given)
    elif name == "cfg":
        scope.out.put("compiled_in", function.start_byte)
    else:
        scope.out.put(scope.macros.get(name, f"{safe(name)}_macro"), function.start_byte)
        _arguments(scope, given)


def entries_of(scope: RustScope, place: tree_sitter.Node, given: list[tree_sitter.Node]) -> None:
    """Write expressions as a list."""
    scope.out.put("(int[]){ ", place.start_byte)
    for argument in given:
        expression(scope, argument)
        scope.out.put(", ")
    scope.out.put("}")


def _macro_invocation(scope: RustScope, node: tree_sitter.Node) -> None:
    macro = node.child_by_field_name("macro")
    name = scope.file.plain(macro).rpartition("::")[2] if macro is not None else "macro"
    if name == "cfg":
        scope.out.put("compiled_in", node.start_byte)
    else:
        scope.out.put(f"{scope.macros.get(name, safe(name) + '_macro')}()", node.start_byte)


def _tuple(scope: RustScope, node: tree_sitter.Node) -> None:
    scope.out.put("tuple", node.start_byte)
    _arguments(scope, [child for child in node.named_children if child.type not in SKIPPED])


def _range(scope: RustScope, node: tree_sitter.Node) -> None:
    scope.out.put("range", node.start_byte)
    _arguments(scope, [child for child in node.named_children if child.type not in SKIPPED])


_WRITERS: dict[str, Callable[[RustScope, tree_sitter.Node], None]] = {
    "identifier": _identifier,
    "scoped_identifier": _identifier,
    "self": _identifier,
    "reference_expression": _reference,
    "parenthesized_expression": _parenthesized,
    "unary_expression": _unary,
    "binary_expression": _binary,
    "let_chain": _chain,
    "let_condition": _condition,
    "index_expression": _index,
    "field_expression": _field,
    "array_expression": _array,
    "struct_expression": _structure,
    "type_cast_expression": _cast,
    "assignment_expression": _assignment,
    "compound_assignment_expr": _assignment,
    "closure_expression": _closure,
    "call_expression": _call,
    "macro_invocation": _macro_invocation,
    "tuple_expression": _tuple,
    "range_expression": _range,
    "try_expression": _inside(""),
    "await_expression": _inside(""),
    "generic_function": _inside("function"),
}
