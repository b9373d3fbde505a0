"""Ledger of a Rust file: every name of interest that a plain lexical count finds, with its syntactic kind."""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter

from caplint.c.byte_ranges import Spans, merged
from caplint.facts.kinds.tokens import NAMES
from caplint.facts.store.records import Token
from caplint.knowledge.load import knowledge
from caplint.rust.lower import Lowered
from caplint.rust.syntax import RustFile

VARIANT = "variant"
"""Kind of a capability that is named by a variant of an enumeration."""
_VARIANT = re.compile(rb"(?<!\w)(Cap)::([A-Z]\w*)")
_BARE = re.compile(rb"(?<![\w:.])[A-Z]\w*\b(?!\s*(?:::|!|<))")
_NO_USE = frozenset({"comment", "string", "disabled", "import", "definition"})
# Kind of the nearest node that is no path → kind of the name.
_KINDS = {
    "arguments": "argument",
    "array_expression": "list entry",
    "assignment_expression": "assignment",
    "attribute": "attribute",
    "base_field_initializer": "initialiser",
    "binary_expression": "operand",
    "block": "statement",
    "call_expression": "call",
    "compound_assignment_expr": "assignment",
    "const_item": "initialiser",
    "enum_variant": "enumerator",
    "expression_statement": "statement",
    "field_expression": "member",
    "field_initializer": "table entry",
    "if_expression": "expression",
    "index_expression": "index",
    "let_declaration": "initialiser",
    "macro_invocation": "macro use",
    "match_arm": "expression",
    "match_expression": "expression",
    "match_pattern": "case",
    "or_pattern": "case",
    "parenthesized_expression": "expression",
    "range_expression": "operand",
    "range_pattern": "case",
    "reference_expression": "operand",
    "return_expression": "return",
    "shorthand_field_initializer": "table entry",
    "static_item": "initialiser",
    "struct_expression": "type",
    "try_expression": "expression",
    "tuple_expression": "list entry",
    "tuple_struct_pattern": "case",
    "type_cast_expression": "cast",
    "unary_expression": "operand",
    "closure_expression": "expression",
    "array_type": "array size",
    "await_expression": "expression",
    "generic_function": "call",
    "while_expression": "expression",
    "for_expression": "expression",
    "let_condition": "expression",
    "let_chain": "operand",
}
_PATHS = frozenset({"scoped_identifier", "scoped_type_identifier", "generic_type"})
_IMPORTS = frozenset({"use_declaration", "use_list", "scoped_use_list", "use_as_clause", "use_wildcard"})
_DEFINING = frozenset(
    {
        "const_item",
        "static_item",
        "function_item",
        "struct_item",
        "enum_item",
        "mod_item",
        "type_item",
        "macro_definition",
    }
)
_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">="})


def rust_tokens(lowered: Lowered) -> Iterator[Token]:
    """Yield the names of interest with counts per syntactic kind; unexplained occurrences are yielded singly."""
    file = lowered.file
    skipped = Spans(merged(lowered.skipped))
    counts: dict[tuple[str, str], list[int]] = {}
    matches = (match for pattern in NAMES for match in pattern.finditer(file.source))
    for match in sorted(matches, key=lambda match: match.start()):
        name = match.group().decode()
        kind = _explain(file, skipped, match.start(), match.end())
        if kind is None:
            yield Token(name, None, 1, *file.position(match.start()))
            continue
        entry = counts.setdefault((name, kind), [0, match.start()])
        entry[0] += 1
    for (name, kind), (count, offset) in sorted(counts.items()):
        yield Token(name, kind, count, *file.position(offset))
    yield from _variants(file, skipped)
    yield from _bare_variants(lowered, skipped)


def _bare_variants(lowered: Lowered, skipped: Spans) -> Iterator[Token]:
    """Yield the capabilities that variants without their type are, where `use` brings them in."""
    paths = {name: path for name, path in lowered.imports.items() if len(path) > 1}
    caps = {name.encode(): cap for name, path in paths.items() if (cap := knowledge().variant("__".join(path[-2:])))}
    for match in _BARE.finditer(lowered.file.source) if caps else ():
        cap = caps.get(match.group())
        if cap is not None and knowledge().number_in_linux(cap) is not None:
            kind = _explain(lowered.file, skipped, match.start(), match.end())
            if kind not in _NO_USE:
                yield Token(cap, VARIANT, 1, *lowered.file.position(match.start()))


def _variants(file: RustFile, skipped: Spans) -> Iterator[Token]:
    """Yield the capabilities that variants of libraries' enumerations are: `Cap::Irqchip` names KVM_CAP_IRQCHIP."""
    for match in _VARIANT.finditer(file.source):
        start = match.start()
        name = knowledge().variant(f"{match.group(1).decode()}__{match.group(2).decode()}")
        if name and not any(start in spans for spans in (file.comments, file.strings, skipped)):
            yield Token(name, VARIANT, 1, *file.position(start))


def _explain(file: RustFile, skipped: Spans, start: int, end: int) -> str | None:
    if start in file.comments:
        return "comment"
    if start in file.strings:
        return "string"
    if start in skipped:
        return "disabled"
    if file.source[start - 1 : start].isalnum() or file.source[start - 1 : start] == b"_":
        return "part of a name"
    node = file.root.descendant_for_byte_range(start, end)
    if node is None or node.is_error or node.start_byte > start:
        return None
    inner, above = node, node.parent
    while above is not None and above.type in _PATHS:
        inner, above = above, above.parent
    return _kind(inner, above) if above is not None and not above.is_error else None


def _kind(node: tree_sitter.Node, parent: tree_sitter.Node) -> str | None:
    if parent.type in _IMPORTS:
        return "import"
    if parent.type in _DEFINING and parent.child_by_field_name("name") == node:
        return "definition"
    if parent.type == "token_tree":
        return _in_tokens(parent)
    if parent.type == "binary_expression":
        operator = parent.child_by_field_name("operator")
        return "comparison" if operator is not None and operator.type in _COMPARISONS else "operand"
    return _KINDS.get(parent.type)


def _in_tokens(node: tree_sitter.Node) -> str | None:
    """Return the kind of a name among the tokens of a macro: of its definition, or of its use outside functions."""
    above: tree_sitter.Node | None = node
    while above is not None and above.type in {"token_tree", "macro_rule"}:
        above = above.parent
    if above is not None and above.type == "macro_definition":
        return "macro body"
    return "macro use (file)" if above is not None and _is_outside(above) else None


def _is_outside(invocation: tree_sitter.Node) -> bool:
    above = invocation.parent
    while above is not None and above.type == "expression_statement":
        above = above.parent
    return above is not None and above.type in {"source_file", "declaration_list"}
