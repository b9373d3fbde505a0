"""Members of structs and unions, in the order of their definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter

from caplint.facts.store.records import Member
from caplint.facts.syntax.ast_view import AstView, name_of

_AGGREGATES = frozenset({"struct_specifier", "union_specifier"})
_DECLARATORS = frozenset(
    {"field_identifier", "pointer_declarator", "array_declarator", "function_declarator", "parenthesized_declarator"}
)
_MAX_TEXT = 400
# Far above hand-written code: paths grow with the depth, and rows with the declarators of every level.
_MAX_DEPTH = 50
_MAX_ROWS = 50_000
_ARGUMENTS = re.compile(rb"\s*\([^()]*(?:\([^()]*\)[^()]*)*\)")


@dataclass(frozen=True, slots=True)
class _Body:
    """List of members, with the prefix of their paths."""

    node: tree_sitter.Node
    owner: str
    prefix: str
    depth: int


@dataclass(slots=True)
class _Declared:
    """Declarator with its bit-field width."""

    declarator: tree_sitter.Node
    name: tree_sitter.Node
    bits: tree_sitter.Node | None = None


def members(reading: AstView) -> Iterator[Member]:
    """Yield every member of every definition, by its dotted path from the owner."""
    macro_ends = {use.start: use.end for use in reading.view.repaired.uses if use.kind == "declarator"}
    stop = 0
    for node in sorted(reading.nodes.get("aggregate", ()), key=lambda node: node.start_byte):
        if node.start_byte < stop:
            continue  # covered by the enclosing definition
        stop = node.end_byte
        body = node.child_by_field_name("body")
        if body is not None:
            first = _Body(body, owner_of(reading, node), "", 0)
            yield from sorted(_listed(reading, first, macro_ends), key=lambda row: (row.start, row.name))


def owner_of(reading: AstView, specifier: tree_sitter.Node) -> str:
    """Return the name of a struct, union or enum: its tag, else its typedef's name, else ''."""
    return _tag(reading, specifier) or _typedef(reading, specifier)


def _tag(reading: AstView, specifier: tree_sitter.Node) -> str:
    name = specifier.child_by_field_name("name")
    return reading.view.plain(name) if name is not None else ""


def _typedef(reading: AstView, specifier: tree_sitter.Node) -> str:
    parent = specifier.parent
    if parent is None or parent.type != "type_definition":
        return ""
    declared = name_of(parent.child_by_field_name("declarator"))
    return reading.view.plain(declared) if declared is not None else ""


def typedefs(reading: AstView) -> Iterator[list[str]]:
    """Yield pairs of a typedef's name and the name of its type."""
    for node in reading.fresh("typedef"):
        kind = node.child_by_field_name("type")
        for declarator in node.children_by_field_name("declarator"):
            declared = name_of(declarator)
            tag = kind.child_by_field_name("name") if kind is not None and kind.type in _AGGREGATES else kind
            if declared is not None and tag is not None and declared.type == "type_identifier":
                yield [reading.view.plain(declared), reading.view.plain(tag)]


def _listed(reading: AstView, first: _Body, macro_ends: dict[int, int]) -> Iterator[Member]:
    pending = [first]
    rows = 0
    while pending:
        body = pending.pop()
        seen = reading.seen.setdefault("member", set())
        for declaration in body.node.named_children:
            if declaration.type != "field_declaration":
                continue
            specifiers, declared = _parts(declaration)
            rows += 1 + len(declared)
            if rows > _MAX_ROWS:
                return
            kind = _type(reading, declaration, specifiers, macro_ends)
            paths = [body.prefix + reading.view.plain(member.name) for member in declared]
            for path, member in zip(paths, declared, strict=True):
                key = (body.owner, path, member.name.start_byte)
                if key not in seen:
                    seen.add(key)
                    yield _row(reading, (body.owner, path, kind), member)
            inner = next((node for node in specifiers if node.type in _AGGREGATES), None)
            if inner is not None and body.depth < _MAX_DEPTH:
                pending += _inner(reading, inner, body, paths)


def _parts(declaration: tree_sitter.Node) -> tuple[list[tree_sitter.Node], list[_Declared]]:
    """Return the specifiers before the first declarator, and the declarators."""
    specifiers: list[tree_sitter.Node] = []
    declared: list[_Declared] = []
    for child in declaration.named_children:
        if child.type in _DECLARATORS:
            if (name := _name(child)) is not None:
                declared.append(_Declared(child, name))
        elif child.type == "bitfield_clause" and declared:
            declared[-1].bits = child
        elif not declared:
            specifiers.append(child)
    return specifiers, declared


def _name(declarator: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return the member's name. Members are never functions, so `type MACRO(name)` declares `name`."""
    name = name_of(declarator)
    if name is None or declarator.type != "function_declarator" or name.parent != declarator:
        return name
    parameter_list = declarator.child_by_field_name("parameters")
    if (
        parameter_list is not None
        and parameter_list.named_child_count == 1
        and parameter_list.named_children[0].named_child_count == 1
    ):
        return parameter_list.named_children[0].named_children[0]
    return name


def _inner(reading: AstView, specifier: tree_sitter.Node, outer: _Body, paths: list[str]) -> Iterator[_Body]:
    """Yield the member lists of a struct or union that is defined inside another."""
    body = specifier.child_by_field_name("body")
    if body is None:
        return
    if tag := _tag(reading, specifier):
        yield _Body(body, tag, "", outer.depth + 1)
        return
    for prefix in [path + "." for path in paths] or [outer.prefix]:
        yield _Body(body, outer.owner, prefix, outer.depth + 1)


def _type(
    reading: AstView, declaration: tree_sitter.Node, specifiers: list[tree_sitter.Node], macro_ends: dict[int, int]
) -> str:
    """Return the type without the declarator; the whole invocation if a macro declares the member."""
    if (end := macro_ends.get(declaration.start_byte)) is not None:
        return reading.view.span(declaration.start_byte, end)
    words = []
    for node in specifiers:
        end = node.end_byte
        if node.type in {"struct_specifier", "union_specifier", "enum_specifier"}:
            body = node.child_by_field_name("body")
            end = body.start_byte if body is not None else end
        elif node.type == "type_identifier" and (arguments := _ARGUMENTS.match(reading.view.text, end)):
            end = arguments.end()  # blanked by the repair: typeof(x), QLIST_ENTRY(X)
        words.append(reading.view.span(node.start_byte, end).strip())
    return " ".join(words)


def _row(reading: AstView, named: tuple[str, str, str], member: _Declared) -> Member:
    """Build a member's row; `named` is owner, path, and type without the declarator."""
    owner, path, kind = named
    array = ""
    if member.declarator.type != "field_identifier" and member.name.type == "field_identifier":
        before, array, behind = _around(reading, member.declarator, member.name)
        kind = f"{kind} {before}{behind}".rstrip()
    line, column = reading.position(member.name.start_byte)
    return Member(
        owner=owner,
        name=path,
        type=kind[:_MAX_TEXT],
        array=array[:_MAX_TEXT],
        bits=reading.view.plain(member.bits).lstrip(": ")[:_MAX_TEXT] if member.bits is not None else "",
        line=line,
        column=column,
        start=member.name.start_byte,
        condition=reading.condition(member.name.start_byte),
    )


def _around(reading: AstView, declarator: tree_sitter.Node, name: tree_sitter.Node) -> tuple[str, str, str]:
    """Return the text before the name in its declarator, the dimensions, and the text behind them."""
    outermost, parent = name, name.parent
    while outermost != declarator and parent is not None and parent.type == "array_declarator":
        outermost, parent = parent, parent.parent
    # The repaired text contains no attributes, but also no parameter types, which are behind the name.
    before = reading.view.repaired.text[declarator.start_byte : name.start_byte].decode("utf-8", "replace")
    array = reading.view.span(name.end_byte, outermost.end_byte).strip()
    behind = reading.view.span(outermost.end_byte, declarator.end_byte)
    return " ".join(before.split()).replace("* *", "**"), array, behind
