"""Items as C writes them: constants, enumerations, structures, functions and macros."""

from __future__ import annotations

import re

import tree_sitter

from caplint.rust.cfg import ALWAYS, NEVER, condition_of
from caplint.rust.expressions import entries, expression
from caplint.rust.names import c_type, last_words, safe, type_name
from caplint.rust.output import Output
from caplint.rust.patterns import bindings
from caplint.rust.scope import DROP, RETURN, RustScope, conditioned
from caplint.rust.statements import statement
from caplint.rust.syntax import RustFile, parse_body
from caplint.rust.words import words

_BINDING = re.compile(r"\$(\w+)\s*:\s*\w+")
_REPEATED = re.compile(r"\$\s*\(")
_LENGTH_TYPE = re.compile(r"(?<=[0-9])usize|\s+as\s+\w+")
_LONGEST_MACRO = 4000
_CONSTANT_VALUES = frozenset(
    {"integer_literal", "binary_expression", "identifier", "scoped_identifier", "unary_expression",
     "parenthesized_expression", "type_cast_expression", "negative_literal", "boolean_literal"}
)  # fmt: skip
_NOT_LISTED = frozenset({"field_declaration", "visibility_modifier", "attribute_item"})


def write_items(scope: RustScope, nodes: list[tree_sitter.Node]) -> None:
    """Write items in order, and behind each function the items inside it."""
    out, file = scope.out, scope.file
    inner = [condition_of(file.plain(node)) for node in nodes if node.type == "inner_attribute_item"]
    around = [condition for condition in inner if condition != ALWAYS]
    if NEVER in around:
        scope.skipped += [(node.start_byte, node.end_byte) for node in nodes]
        return
    _open(out, around)
    for conditions, node in conditioned(file, nodes):
        if scope.skips(conditions, node) or out.is_full:
            continue
        _open(out, conditions)
        _item(scope, node)
        while scope.hoisted:
            waiting, scope.hoisted = scope.hoisted, []
            for item in waiting:
                _item(scope, item)
        _close(out, conditions)
    _close(out, around)


def _open(out: Output, conditions: list[str]) -> None:
    for condition in conditions:
        out.directive(f"if {condition}")


def _close(out: Output, conditions: list[str]) -> None:
    for _ in conditions:
        out.directive("endif")


def _item(scope: RustScope, node: tree_sitter.Node) -> None:
    scope.out.line()
    match node.type:
        case "const_item" | "static_item":
            _constant(scope, node)
        case "enum_item":
            _enumeration(scope, node)
        case "struct_item" | "union_item":
            _structure(scope, node)
        case "function_item":
            _function(scope, node)
        case "impl_item" | "trait_item" | "mod_item" | "foreign_mod_item":
            _body(scope, node)
        case "macro_definition":
            _macro(scope, node)
        case "ERROR":
            write_items(scope, node.named_children)
        case "macro_invocation" | "expression_statement":
            _invocation(scope, node)


def _body(scope: RustScope, node: tree_sitter.Node) -> None:
    body = node.child_by_field_name("body")
    if body is None:
        return
    before = scope.own_type
    if node.type == "impl_item":
        scope.own_type = type_name(scope.file, node.child_by_field_name("type"))
    elif node.type == "trait_item":
        name = node.child_by_field_name("name")
        scope.own_type = scope.file.plain(name) if name is not None else ""
    else:
        scope.own_type = ""
    write_items(scope, body.named_children)
    scope.own_type = before


def _constant(scope: RustScope, node: tree_sitter.Node) -> None:
    out, file = scope.out, scope.file
    name_node, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    kind = node.child_by_field_name("type")
    if name_node is None or value is None:
        return
    name = safe(file.plain(name_node))
    name = f"{scope.own_type}__{name}" if scope.own_type else name
    if value.type == "reference_expression":
        value = value.child_by_field_name("value") or value
    if value.type == "array_expression":
        element = kind.child_by_field_name("element") if kind is not None and kind.type == "array_type" else None
        out.put(f"const {c_type(file, element) if element is not None else 'int'} ", node.start_byte)
        out.put(f"{name}[] = ", name_node.start_byte)
        entries(scope, value, "{ ", " }")
        out.put(";\n")
    elif value.type in _CONSTANT_VALUES and node.type == "const_item":
        before, scope.out = scope.out, Output()
        expression(scope, value)
        text, scope.out = " ".join(scope.out.text().decode().split()), before
        out.line()
        out.put("#define ", node.start_byte)
        out.put(name, name_node.start_byte)
        out.put(f" {text}\n", value.start_byte)
    else:
        out.put(f"const int {name} = ", name_node.start_byte)
        expression(scope, value)
        out.put(";\n")


def _enumeration(scope: RustScope, node: tree_sitter.Node) -> None:
    out, file = scope.out, scope.file
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is None or body is None:
        return
    tag = safe(file.plain(name))
    out.put(f"enum {tag} {{\n", name.start_byte)
    for conditions, child in conditioned(file, body.named_children):
        variant, value = child.child_by_field_name("name"), child.child_by_field_name("value")
        if child.type != "enum_variant" or variant is None or scope.skips(conditions, child):
            continue
        _open(out, conditions)
        out.put(f"{tag}__{safe(file.plain(variant))}", variant.start_byte)
        if value is not None:
            out.put(" = ")
            expression(scope, value)
        out.put(",\n")
        _close(out, conditions)
    out.put("};\n")


def _structure(scope: RustScope, node: tree_sitter.Node) -> None:
    out, file = scope.out, scope.file
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is None:
        return
    tag = file.plain(name)
    out.put(f"{'union' if node.type == 'union_item' else 'struct'} {safe(tag)} {{\n", name.start_byte)
    listed = conditioned(file, body.named_children) if body is not None else ()
    ordinal = 0
    for conditions, child in listed:
        if scope.skips(conditions, child) or child.type == "visibility_modifier":
            continue
        _open(out, conditions)
        if child.type == "field_declaration":
            field, kind = child.child_by_field_name("name"), child.child_by_field_name("type")
            if field is not None:
                out.put(f"{c_type(file, kind)} ", child.start_byte)
                out.put(f"{safe(file.plain(field))}{_dimension(scope, kind)};\n", field.start_byte)
        else:
            out.put(f"{c_type(file, child)} _{ordinal};\n", child.start_byte)
            ordinal += 1
        _close(out, conditions)
    out.put("};\n")


def _dimension(scope: RustScope, kind: tree_sitter.Node | None) -> str:
    if kind is None or kind.type != "array_type":
        return ""
    length = kind.child_by_field_name("length")
    return f"[{_LENGTH_TYPE.sub('', scope.file.plain(length))}]" if length is not None else "[]"


def _function(scope: RustScope, node: tree_sitter.Node) -> None:
    out, file = scope.out, scope.file
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    parameters, result = node.child_by_field_name("parameters"), node.child_by_field_name("return_type")
    if name is None or body is None:
        return
    is_public = any(child.type == "visibility_modifier" for child in node.named_children)
    kind = "void" if result is None else c_type(file, result)
    scope.types, scope.closures = {}, {}
    out.put(f"{'' if is_public else 'static '}{kind} ", node.start_byte)
    out.put(safe(file.plain(name)), name.start_byte)
    out.put("(")
    given = (
        [child for child in parameters.named_children if child.type.endswith("parameter")]
        if parameters is not None
        else []
    )
    for index, parameter in enumerate(given):
        out.put(", " if index else "")
        _parameter(scope, parameter, index)
    out.put("void)\n" if not given else ")\n")
    out.put("{")
    out.inside = True
    out.put("\n")
    statement(scope, body, DROP if result is None else RETURN)
    out.inside = False
    out.put("\n}\n", max(body.start_byte, body.end_byte - 1))


def _parameter(scope: RustScope, parameter: tree_sitter.Node, index: int) -> None:
    out, file = scope.out, scope.file
    if parameter.type == "self_parameter":
        out.put(f"struct {safe(scope.own_type or 'Self')} *self", parameter.start_byte)
        return
    pattern, kind = parameter.child_by_field_name("pattern"), parameter.child_by_field_name("type")
    names = bindings(file, pattern) if pattern is not None else []
    plain = file.plain(pattern).removeprefix("mut ") if pattern is not None else "_"
    name = names[0] if names else (plain if plain.isidentifier() and plain != "_" else f"unnamed_{index}")
    held = type_name(file, kind)
    if held:
        scope.types[name] = scope.own_type if held == "Self" else held
    pointer = "*" if kind is not None and kind.type in {"reference_type", "pointer_type"} and held else ""
    out.put(f"{c_type(file, kind).rstrip('* ')} {pointer}{safe(name)}", parameter.start_byte)


def macro_names(file: RustFile, definitions: list[tree_sitter.Node]) -> dict[str, str]:
    """Return the macros that a file defines, with their names in C."""
    found = {}
    for node in definitions:
        name = node.child_by_field_name("name")
        if name is not None:
            found[file.plain(name)] = f"{safe(file.plain(name))}_macro"
    return found


def _macro(scope: RustScope, node: tree_sitter.Node) -> None:
    """Write a macro of one rule, which takes expressions, as a `#define`."""
    file = scope.file
    rules = [child for child in node.named_children if child.type == "macro_rule"]
    name = node.child_by_field_name("name")
    left = rules[0].child_by_field_name("left") if len(rules) == 1 else None
    right = rules[0].child_by_field_name("right") if len(rules) == 1 else None
    if name is None or left is None or right is None or _REPEATED.search(file.plain(left)):
        return
    parameters = _BINDING.findall(file.plain(left))
    body = parse_body(file, right.start_byte, right.end_byte)
    if body is None:
        return
    inner = RustScope(body, Output(), scope.imports, scope.members, scope.statement, macros=scope.macros)
    for child in body.root.named_children:
        statement(inner, child, DROP)
    text = " ".join(inner.out.text().decode().split())
    if "#" in text or len(text) > _LONGEST_MACRO:
        return
    scope.out.put("#define ", node.start_byte)
    scope.out.put(scope.macros[file.plain(name)], name.start_byte)
    scope.out.put(f"({', '.join(map(safe, parameters))}) {text}\n", right.start_byte)


def _invocation(scope: RustScope, node: tree_sitter.Node) -> None:
    """Write the function that a macro of nix defines, which issues an ioctl of the same name."""
    file = scope.file
    inner = node if node.type == "macro_invocation" else next(iter(node.named_children), None)
    if inner is None or inner.type != "macro_invocation":
        return
    macro = inner.child_by_field_name("macro")
    tokens = next((child for child in inner.named_children if child.type == "token_tree"), None)
    name = last_words(file.plain(macro))[-1:] if macro is not None else []
    if tokens is None or not name or name[0] not in words().issuing:
        return
    defined = next((child for child in tokens.named_children if child.type == "identifier"), None)
    if defined is None:
        return
    text = file.plain(defined)
    scope.out.put(f"int {text}(int fd, unsigned long data)\n{{\n\t", defined.start_byte)
    scope.out.put(f"return ioctl(fd, {text.upper()}, data);\n}}\n")
