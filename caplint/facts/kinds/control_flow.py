"""Control flow of the functions that decide on capabilities, on MSRs or on attributes of devices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import tree_sitter

from caplint.facts.kinds.cases import label_bounds
from caplint.facts.syntax.ast_view import AstView, name_of

_MAX_TEXT = 1000
# Text of a function that may decide on a capability, or on an attribute of a device.
_SUBJECT = re.compile(rb"KVM_CAP_|kvm_enable_cap|check_extension|kvm_device_attr\b")
# Text of a function of the kernel that may decide on an access to an MSR, and of a test of the guest's features.
_ACCESS = re.compile(rb"\bmsr_data\b|\bhost_initiated\b|\bu32[ \t]+(?:msr|msr_index|index|ecx)\b")
_FEATURE = re.compile(rb"\bguest_(?:cpuid_has|pv_has|cpu_cap_has|can_use)\b")
_MACRO = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w++)(?:[^\n\\]|\\.|\\\n)*?KVM_CAP_", re.MULTILINE)
_WORD = re.compile(rb"\w+")
# Longest function that is taken for one that may decide because it names another one, in bytes.
_LONGEST = 2_000
_LEAVES = {
    "return_statement": "return",
    "break_statement": "break",
    "continue_statement": "continue",
    "expression_statement": "expression",
}
_LOOPS = {"while_statement": "while", "for_statement": "for", "do_statement": "do"}


class Statement(NamedTuple):
    """Statement, or part of one, of a function that may decide on a capability or on an access to an MSR."""

    function: str
    kind: str
    text: str
    extra: str
    line: int
    start: int
    stop: int
    condition: str


_Part = tuple[str, tree_sitter.Node, str, str]
"""Kind, node, text and extra."""


def statements(reading: AstView) -> Iterator[Statement]:
    """Yield the statements of every function that may decide on a capability or on an access to an MSR."""
    source = reading.unit.lexed.code
    names_any = _SUBJECT.search(source) is not None or b"KVM_CAP_" in reading.unit.lexed.source
    functions = list(_deciding(reading)) if names_any else []
    if _ACCESS.search(source) is not None or _FEATURE.search(source) is not None:
        functions += _accessing(reading)
    seen = reading.seen.setdefault("statement", set())
    for function in functions:
        for kind, node, text, extra in _parts(reading, function):
            if (kind, node.start_byte, extra) not in seen:
                seen.add((kind, node.start_byte, extra))
                name, line, condition = reading.place(node.start_byte)
                if name is not None:
                    yield Statement(
                        name, kind, text[:_MAX_TEXT], extra, line, node.start_byte, node.end_byte, condition
                    )


def _deciding(reading: AstView) -> Iterator[tree_sitter.Node]:
    """Yield the functions that may decide: they name a capability, a request, or something in this file that does.

    That is an array or macro that names a capability, or, for a short function, another function that may decide. What
    another variant shows of a function counts too.
    """
    text = reading.unit.lexed.code
    tables = set(_MACRO.findall(reading.unit.lexed.source))
    for node in reading.nodes.get("listing", ()):
        declared = name_of(node.child_by_field_name("declarator"))
        if declared is not None and b"KVM_CAP_" in text[node.start_byte : node.end_byte]:
            tables.add(text[declared.start_byte : declared.end_byte])
    functions = list(reading.nodes.get("function", ()))
    words = rb"\b(?:" + b"|".join(map(re.escape, sorted(tables))) + rb")\b" if tables else b"(?!)"
    pattern = re.compile(_SUBJECT.pattern + b"|" + words)
    found = [index for index, node in enumerate(functions) if pattern.search(text, node.start_byte, node.end_byte)]
    names = [_name(reading, node) for node in functions] if found else []
    naming = _naming(text, functions, frozenset(names))
    known: set[int] = set()
    while found:
        yield from (functions[index] for index in found)
        known.update(found)
        found = sorted({other for index in found for other in naming.get(names[index], ())} - known)


def _naming(text: bytes, functions: list[tree_sitter.Node], names: frozenset[bytes]) -> dict[bytes, list[int]]:
    """Return name of a function → indices of the short functions that name it."""
    naming: dict[bytes, list[int]] = {}
    for index, node in enumerate(functions) if names else ():
        if node.end_byte - node.start_byte < _LONGEST:
            for name in names.intersection(_WORD.findall(text, node.start_byte, node.end_byte)):
                naming.setdefault(name, []).append(index)
    return naming


def _accessing(reading: AstView) -> Iterator[tree_sitter.Node]:
    """Yield the functions that may decide on an access to an MSR, and short ones that test features of the guest."""
    text = reading.unit.lexed.code
    for node in reading.nodes.get("function", ()):
        start, stop = node.start_byte, node.end_byte
        short = stop - start < _LONGEST
        if _ACCESS.search(text, start, stop) or (short and _FEATURE.search(text, start, stop)):
            yield node


def _name(reading: AstView, function: tree_sitter.Node) -> bytes:
    declared = name_of(function.child_by_field_name("declarator"))
    return reading.view.text[declared.start_byte : declared.end_byte] if declared is not None else b""


def _parts(reading: AstView, function: tree_sitter.Node) -> Iterator[_Part]:
    """Yield the statements of one function, in no particular order."""
    body = function.child_by_field_name("body")
    waiting = [body] if body is not None else []
    while waiting:
        node = waiting.pop()
        kind = node.type
        if kind in {"compound_statement", "else_clause"}:
            waiting += node.named_children
        elif kind == "declaration":
            yield from _initialised(reading, node)
        elif kind in _LEAVES:
            value = next(iter(node.named_children), None)
            yield _LEAVES[kind], node, reading.view.plain(value) if value is not None else "", ""
        elif kind in _CONTAINERS:
            yield from _CONTAINERS[kind](reading, node, waiting)


def _initialised(reading: AstView, declaration: tree_sitter.Node) -> Iterator[_Part]:
    for node in declaration.named_children:
        declared, value = name_of(node.child_by_field_name("declarator")), node.child_by_field_name("value")
        if node.type == "init_declarator" and declared is not None and value is not None:
            yield "init", node, reading.view.plain(value), reading.view.plain(declared)


def _field(reading: AstView, node: tree_sitter.Node, name: str) -> str:
    child = node.child_by_field_name(name)
    return reading.view.plain(child) if child is not None else ""


def _if(reading: AstView, node: tree_sitter.Node, waiting: list[tree_sitter.Node]) -> Iterator[_Part]:
    yield "if", node, _field(reading, node, "condition"), ""
    for kind, name in (("then", "consequence"), ("else", "alternative")):
        branch = node.child_by_field_name(name)
        if branch is not None:
            yield kind, branch, "", ""
            waiting.append(branch)


def _loop(reading: AstView, node: tree_sitter.Node, waiting: list[tree_sitter.Node]) -> Iterator[_Part]:
    kind = _LOOPS[node.type]
    yield kind, node, _field(reading, node, "condition"), _field(reading, node, "initializer")
    body = node.child_by_field_name("body")
    if body is not None:
        waiting.append(body)


def _switch(reading: AstView, node: tree_sitter.Node, waiting: list[tree_sitter.Node]) -> Iterator[_Part]:
    yield "switch", node, _field(reading, node, "condition"), ""
    body = node.child_by_field_name("body")
    if body is not None:
        waiting.append(body)


def _case(reading: AstView, node: tree_sitter.Node, waiting: list[tree_sitter.Node]) -> Iterator[_Part]:
    value = node.child_by_field_name("value")
    if value is None:
        yield "default", node, "", ""
    else:
        yield "case", node, *label_bounds(reading, value)
    waiting += [child for child in node.named_children if child != value]


def _label(reading: AstView, node: tree_sitter.Node, waiting: list[tree_sitter.Node]) -> Iterator[_Part]:
    label = node.child_by_field_name("label")
    yield "label", node, _field(reading, node, "label"), ""
    waiting += [child for child in node.named_children if child != label]


def _goto(reading: AstView, node: tree_sitter.Node, _: list[tree_sitter.Node]) -> Iterator[_Part]:
    yield "goto", node, _field(reading, node, "label"), ""


_CONTAINERS = {
    "if_statement": _if, "switch_statement": _switch, "case_statement": _case, "labeled_statement": _label,
    "goto_statement": _goto, **dict.fromkeys(_LOOPS, _loop),
}  # fmt: skip
