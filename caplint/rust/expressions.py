"""Expressions as C writes them. Conversions, borrows and error handling are dropped, so that the value remains."""

from __future__ import annotations

import re
from collections.abc import Callable

import tree_sitter

from caplint.rust.cfg import NEVER
from caplint.rust.names import joined, last_words, safe, type_name
from caplint.rust.results import only_expression
from caplint.rust.scope import DROP, RustScope, conditioned
from caplint.rust.words import words

_INTEGER = re.compile(r"(0[xXbBoO][0-9a-fA-F_]+?|[0-9][0-9_]*)((?:u|i)(?:8|16|32|64|128|size))?\Z")
_SUFFIXES = {"u64": "ull", "i64": "ll", "u32": "u", "usize": "ul"}
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*\Z")
BLOCKS = frozenset(
    {"block", "unsafe_block", "if_expression", "match_expression", "loop_expression", "while_expression",
     "for_expression", "async_block", "const_block", "try_block"}
)  # fmt: skip
"""Kinds of expressions that hold statements."""
LEAVES = frozenset({"return_expression", "break_expression", "continue_expression"})
_STRINGS = frozenset({"string_literal", "raw_string_literal", "char_literal", "byte_string_literal"})
_SKIPPED = frozenset({"line_comment", "block_comment", "attribute_item"})


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
        out.put(_number(file.plain(node)), node.start_byte)
    else:
        out.put("0", node.start_byte)


def _block_value(scope: RustScope, node: tree_sitter.Node) -> None:
    """Write the value of a block: alone, as `?:`, or as statements with a value."""
    out = scope.out
    if (only := only_expression(node)) is not None:
        expression(scope, only)
    elif (choice := _choice(node)) is not None:
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


def _choice(node: tree_sitter.Node) -> list[tree_sitter.Node] | None:
    """Return condition and values of an `if` of two expressions, else None."""
    condition, first = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
    clause = node.child_by_field_name("alternative")
    if node.type != "if_expression" or condition is None or first is None or clause is None or "let" in condition.type:
        return None
    second = next((child for child in clause.named_children if child.type == "block"), None)
    values = [only_expression(block) for block in (first, second) if block is not None]
    if len(values) != 2 or values[0] is None or values[1] is None:
        return None
    return [condition, values[0], values[1]]


def _number(text: str) -> str:
    if match := _INTEGER.match(text):
        digits, suffix = match.group(1).replace("_", ""), match.group(2) or ""
        if digits.startswith(("0o", "0O")):
            digits = f"0{digits[2:]}"
        elif digits.isdigit():
            digits = digits.lstrip("0") or "0"
        return digits + _SUFFIXES.get(suffix, "")
    return text if text in {"true", "false"} else "1.0"


def _identifier(scope: RustScope, node: tree_sitter.Node) -> None:
    scope.out.put(name_of(scope, node), node.start_byte)


def name_of(scope: RustScope, node: tree_sitter.Node) -> str:
    """Return the name that a path or identifier is in C; a variant, an associated constant has its type in front."""
    text = scope.file.plain(node)
    if node.type == "self" or text == "self":
        return "self"
    segments = last_words(text)
    if len(segments) == 1 and segments[0] not in scope.types:
        segments = scope.imports.get(segments[0], segments)
    elif len(segments) > 1 and (path := scope.imports.get(segments[0])):
        segments = [*path, *segments[1:]]
    return "NULL" if segments == ["None"] else joined(segments, scope.own_type)


def _inside(name: str) -> Callable[[RustScope, tree_sitter.Node], None]:
    def write(scope: RustScope, node: tree_sitter.Node) -> None:
        inner = node.child_by_field_name(name) if name else first_inside(node)
        if inner is None:
            scope.out.put("0", node.start_byte)
        else:
            expression(scope, inner)

    return write


def first_inside(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return the first child that is an expression."""
    return next((child for child in node.named_children if child.type not in {*_SKIPPED, "mutable_specifier"}), None)


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
        is_choice = operand_needs_brackets(side)
        scope.out.put("(" if is_choice else "", side.start_byte)
        expression(scope, side)
        scope.out.put((")" if is_choice else "") + text)


def operand_needs_brackets(node: tree_sitter.Node) -> bool:
    """Tell whether an operand has another precedence in C."""
    return node.type in {"binary_expression", "closure_expression", "range_expression", "assignment_expression"}


def _chain(scope: RustScope, node: tree_sitter.Node) -> None:
    parts = [child for child in node.named_children if child.type not in _SKIPPED]
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
    parts = [child for child in node.named_children if child.type not in _SKIPPED]
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
    """Write a closure as its body: what it calls is called from here."""
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
    given = [child for child in arguments.named_children if child.type not in _SKIPPED]
    if function.type == "field_expression":
        _method(scope, function, given)
        return
    name = scope.file.plain(function).rpartition("::")[2]
    if function.start_byte in scope.file.macros:
        _macro(scope, name, function, given)
    elif name in words().transparent and len(given) == 1:
        expression(scope, given[0]) if given[0].type != "unit_expression" else scope.out.put("0", node.start_byte)
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


def static_type(scope: RustScope, node: tree_sitter.Node) -> str:
    """Return the type of a chain of members that the file tells, else ''."""
    if node.type in {"self", "identifier"}:
        name = scope.file.plain(node)
        return scope.own_type if name == "self" else scope.types.get(name, "")
    if node.type in {"reference_expression", "parenthesized_expression", "try_expression"}:
        inner = first_inside(node)
        return static_type(scope, inner) if inner is not None else ""
    value = node.child_by_field_name("value")
    if node.type == "field_expression" and value is not None:
        field = node.child_by_field_name("field")
        owner = static_type(scope, value)
        return scope.members.get((owner, scope.file.plain(field)), "") if field is not None else ""
    if node.type == "call_expression":
        function = node.child_by_field_name("function")
        inner = function.child_by_field_name("value") if function is not None else None
        method = function.child_by_field_name("field") if function is not None else None
        if inner is not None and method is not None and scope.file.plain(method) in words().transparent:
            return static_type(scope, inner)
    return ""


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
    _arguments(scope, [child for child in node.named_children if child.type not in _SKIPPED])


def _range(scope: RustScope, node: tree_sitter.Node) -> None:
    scope.out.put("range", node.start_byte)
    _arguments(scope, [child for child in node.named_children if child.type not in _SKIPPED])


def type_of_value(scope: RustScope, node: tree_sitter.Node) -> str:
    """Return the type that an initial value tells: of a structure, or of `Type::new(…)`."""
    if node.type == "struct_expression":
        return type_name(scope.file, node.child_by_field_name("name"))
    if node.type in {"try_expression", "reference_expression", "parenthesized_expression", "unsafe_block"}:
        inner = first_inside(node)
        return type_of_value(scope, inner) if inner is not None else ""
    function = node.child_by_field_name("function") if node.type == "call_expression" else None
    if function is not None and function.type == "scoped_identifier":
        segments = last_words(scope.file.plain(function))
        if len(segments) > 1 and segments[-1] in {"new", "default", "open"} and segments[-2][:1].isupper():
            return scope.own_type if segments[-2] == "Self" else segments[-2]
    value = function.child_by_field_name("value") if function is not None else None
    field = function.child_by_field_name("field") if function is not None else None
    if value is not None and field is not None and scope.file.plain(field) in words().transparent | words().fatal:
        return type_of_value(scope, value)
    return static_type(scope, node)


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
