"""Ledger of one file: every name of interest that a plain lexical count finds, with its syntactic kind."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

import tree_sitter

from caplint.c.byte_ranges import Spans
from caplint.c.lexer import BLANK, Directive
from caplint.c.repair import RepairedMacro
from caplint.c.syntax import Unit, View
from caplint.facts.store.records import Token
from caplint.util.patterns import compiled

# Separate patterns: a pattern that begins with a literal matches several times faster.
NAMES = [re.compile(prefix + rb"(?<!\w" + prefix + rb")[A-Z0-9]\w*") for prefix in (b"KVM_", b"MSR_", b"HV_X64_MSR_")]
"""Patterns of the names that the ledger counts."""
_DEFINED_NAME = compiled(BLANK + rb"(\w+)")
_PASTED_BEHIND = compiled(rb"\w+" + BLANK + rb"##")
_MOST_BLANKS = 200
_KEYWORD_KINDS = {
    "if": "condition", "ifdef": "condition", "ifndef": "condition", "elif": "condition",
    "undef": "undefinition", "include": "include", "error": "message", "warning": "message",
}  # fmt: skip

# Kind of the nearest enclosing node → kind of the name.
_KINDS = {
    "case_statement": "case",
    "argument_list": "argument",
    "call_expression": "call",
    "macro_type_specifier": "call",
    "binary_expression": "operand",
    "unary_expression": "operand",
    "conditional_expression": "ternary",
    "assignment_expression": "assignment",
    "init_declarator": "initialiser",
    "initializer_list": "list entry",
    "initializer_pair": "table entry",
    "subscript_designator": "table entry",
    "subscript_range_designator": "table entry",
    "return_statement": "return",
    "subscript_expression": "index",
    "enumerator": "enumerator",
    "array_declarator": "array size",
    "bitfield_clause": "bit-field",
    "cast_expression": "cast",
    "parenthesized_expression": "expression",
    "expression_statement": "statement",
    "comma_expression": "expression",
    "concatenated_string": "string",
    "field_declaration": "declaration",
    "parameter_declaration": "declaration",
    "declaration": "declaration",
    "type_definition": "declaration",
    "type_descriptor": "type",
    "function_declarator": "declaration",
    "parenthesized_declarator": "declaration",
    "pointer_declarator": "declaration",
    "labeled_statement": "label",
    "goto_statement": "label",
    "field_expression": "member",
    "sizeof_expression": "operand",
    "pointer_expression": "operand",
    "enum_specifier": "type",
    "struct_specifier": "type",
    "union_specifier": "type",
    "function_definition": "declaration",
    "attributed_statement": "statement",
    "update_expression": "assignment",
    "generic_expression": "expression",
    "if_statement": "expression",
    "while_statement": "expression",
    "for_statement": "expression",
    "do_statement": "expression",
    "switch_statement": "expression",
    "field_designator": "table entry",
    "compound_literal_expression": "type",
    "struct_declaration": "declaration",
    "parameter_list": "declaration",
    "translation_unit": "declaration",
}
_EXPRESSIONS = frozenset(
    {"binary_expression", "unary_expression", "parenthesized_expression", "call_expression", "argument_list"}
)
_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">="})


def tokens(unit: Unit) -> Iterator[Token]:
    """Yield the names of interest with counts per syntactic kind; unexplained occurrences are yielded singly."""
    counts: dict[tuple[str, str], list[int]] = {}
    uses = [_Uses(view) for view in unit.views]
    directives = Spans([(directive.start, directive.end) for directive in unit.lexed.directives])
    matches = (match for pattern in NAMES for match in pattern.finditer(unit.lexed.source))
    for match in sorted(matches, key=lambda match: match.start()):
        name = match.group().decode()
        kind = _explain(unit, uses, directives, match.start(), match.end())
        if kind is None:
            line, column = unit.lexed.position(match.start())
            yield Token(name, None, 1, line, column)
            continue
        entry = counts.setdefault((name, kind), [0, match.start()])
        entry[0] += 1
    for (name, kind), (count, offset) in sorted(counts.items()):
        yield Token(name, kind, count, *unit.lexed.position(offset))


class _Uses:
    """Macro invocations that the repair of one view rewrote, by offset; of nested ones only the outermost."""

    def __init__(self, view: View) -> None:
        self._uses: list[RepairedMacro] = []
        for use in sorted(view.repaired.uses, key=lambda use: (use.start, -use.end)):
            if not self._uses or use.end > self._uses[-1].end:
                self._uses.append(use)
        self._starts = [use.start for use in self._uses]

    def kind(self, offset: int) -> str | None:
        """Return the kind of the invocation that contains the offset, or None."""
        index = bisect_right(self._starts, offset) - 1
        return self._uses[index].kind if index >= 0 and offset < self._uses[index].end else None


def _explain(unit: Unit, uses: list[_Uses], directives: Spans, start: int, end: int) -> str | None:
    lexed = unit.lexed
    if start in lexed.comments:
        return "comment"
    if (index := directives.index(start)) >= 0:
        return _in_directive(unit, lexed.directives[index], start)
    if start in lexed.strings:
        return "string"
    if unit.conditionals.presence(start) is False:
        return "disabled"
    for view, used in zip(unit.views, uses, strict=True):
        if view.text[start:end] == lexed.source[start:end]:
            macro = used.kind(start)
            kind = _in_code(view, start, end) if macro is None else f"macro use ({macro})"
            if kind is not None:
                return kind
    return None


def _in_directive(unit: Unit, directive: Directive, offset: int) -> str:
    if directive.keyword == "define":
        name = _DEFINED_NAME.match(unit.lexed.source, directive.body, directive.end)
        if name and name.start(1) == offset:
            return "definition"
        return "pasted part" if _is_pasted(unit.lexed.source, offset, directive.end) else "macro body"
    return _KEYWORD_KINDS.get(directive.keyword, "directive")


def _is_pasted(source: bytes, offset: int, end: int) -> bool:
    """Tell whether `##` joins the name at an offset with another token, so that it is a part of a name."""
    before = source[max(0, offset - _MOST_BLANKS) : offset].rstrip(b" \t\\\r\n")
    return before.endswith(b"##") or _PASTED_BEHIND.match(source, offset, end) is not None


def _in_code(view: View, start: int, end: int) -> str | None:
    node = view.root.descendant_for_byte_range(start, end)
    if node is None or (node.start_byte, node.end_byte) != (start, end) or node.is_error:
        return None
    parent = node.parent
    if parent is None or parent.is_error:
        return None
    return _kind(parent)


def _kind(parent: tree_sitter.Node) -> str | None:
    if parent.type == "binary_expression":
        operator = parent.child_by_field_name("operator")
        if operator is not None and operator.type in _COMPARISONS:
            return "comparison"
    return "case" if _in_label(parent) else _KINDS.get(parent.type)


def _in_label(node: tree_sitter.Node) -> bool:
    """Tell whether the expression is in a case label: `case A ... A + 3`, `case BASE(1)`."""
    above: tree_sitter.Node | None = node
    while above is not None and above.type in _EXPRESSIONS:
        above = above.parent
    return above is not None and above.type == "case_statement"
