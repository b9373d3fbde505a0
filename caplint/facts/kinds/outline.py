"""Outline of a C file: the facts that the call graph needs, as one JSON text.

Whole programs are read in this form, because one row for every call would take too much space and query time. An
outline is one value, which `caplint/graph/outlines.py` parses.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import tree_sitter

from caplint.c.syntax import Unit
from caplint.facts.kinds.calls import arguments_of
from caplint.facts.kinds.cases import label_extents
from caplint.facts.kinds.functions import functions, parameter_nodes
from caplint.facts.kinds.initializer_lists import entries
from caplint.facts.kinds.macros import macros
from caplint.facts.kinds.members import members, typedefs
from caplint.facts.store.records import Function, Outline
from caplint.facts.syntax.ast_view import OUTLINE_NODES, AstView, FunctionScope, ast_views, declared_by, name_of
from caplint.knowledge.load import knowledge
from caplint.knowledge.made_objects import MADE

TABLES = ("texts", "functions", "calls", "entries", "stores", "variables", "members", "typedefs", "macros", "uses")

_MAX_TEXT = 400
_VALUE = re.compile(r"(?:\([\w\s*]+\)\s*)?&?\s*([A-Za-z_]\w*)\Z")
# The two values of `condition ? one : another`.
_EITHER = re.compile(r"[^?]*+\?\s*([^?:]*?)\s*:\s*([^?:]*)\Z", re.DOTALL)
# Constants that are not functions; but an ioctl leads to one in the kernel, and rpcgen's X_PROC_Y to one in another
# process.
_CONSTANT = re.compile(r"(?![A-Z]+_PROC_|KVM_(?!CAP_))[A-Z_0-9]+\Z|true\Z|false\Z")
_STORE = re.compile(
    rb"(?P<target>[A-Za-z_(*][^=]*?(?:->|\.)\s*\w+|[A-Za-z_]\w*(?:\s*\[[^]=]*\])?)\s*=\s*"
    rb"(?P<value>(?:\([\w\s*]+\)\s*)?&?\s*[A-Za-z_]\w*|[A-Za-z_][\w\s>.\-]*(?:->|\.)\s*\w+)\Z"
)
_CHOICE = re.compile(
    rb"(?P<target>[A-Za-z_(*][^=?]*?(?:->|\.)\s*\w+|[A-Za-z_]\w*(?:\s*\[[^]=]*\])?)\s*=[^=][^?]*\?[^?]*\Z"
)
# Single words between commas, or in a choice of two; a fast filter whose matches are checked again.
_WORDS = re.compile(r"[(,)&?:]\s*([A-Za-z_]\w*+)(?=\s*[,):])")
_FIELD = re.compile(r"(?:->|\.)\s*(\w+)\Z")
_ROOT = re.compile(r"[(*&\s]*([A-Za-z_]\w*)")
_INVOKES = re.compile(r"\w\s*\(")
_ALIAS = re.compile(r"[A-Za-z_]\w*[a-z]\w*\Z")
_WEAK = re.compile(rb"\b(?:__)?weak(?:__)?\b")
_LABEL = re.compile(r"[A-Z_][A-Za-z0-9_]+\Z")
# Types that may lead to a function; a member of a plain number type cannot.
_LEADS_ON = re.compile(r"[*(]|struct|union|[A-Z]")
_NUMBER = re.compile(
    r"(?:(?:const|volatile|static|extern|unsigned|signed|long|short|int|char|bool|float|double|void|_Bool|register)\b\s*"
    r"|(?:__)?[usb][il]?e?(?:8|16|32|64)\b\s*|u?int\d*_t\b\s*|s?size_t\b\s*|u(?:int|long|short|char)\b\s*)+\Z"
)


def outline(unit: Unit) -> Outline:
    """Return the outline of a file."""
    result = _Outline()
    for reading in ast_views(unit, OUTLINE_NODES):
        result.read(reading)
    result.add_macros(unit)
    return Outline(json.dumps(result.tables, separators=(",", ":")))


class _Outline:
    def __init__(self) -> None:
        self.tables: dict[str, list[Any]] = {name: [] for name in TABLES}
        self._texts: dict[str, int] = {}
        self._ordinals: dict[int, int] = {}
        """Offset of a function → its ordinal."""
        self._parameters: dict[int, set[str]] = {}
        """Offset of a function → its parameters."""
        self._roots: dict[int, set[str]] = {}
        """Offset of a function → its variables whose types are needed."""

    def read(self, reading: AstView) -> None:
        """Add the facts of a view that no earlier view has shown."""
        self._add_functions(reading)
        self._add_calls(reading)
        self._add_stores(reading)
        self._add_declarations(reading)
        self._add_literals(reading)
        self._add_parameters(reading)
        self._add_members(reading)
        self.tables["typedefs"] += typedefs(reading)
        self._add_uses(reading)

    def add_macros(self, unit: Unit) -> None:
        """Add macros with parameters, and aliases of functions."""
        for row in macros(unit):
            parameters = None if row.parameters is None else json.loads(row.parameters)
            calls = parameters is not None and bool(_INVOKES.search(row.body))
            # A macro without calls is kept too: it may replace a function of the same name.
            if parameters is not None or _ALIAS.match(row.body):
                body = row.body if calls or parameters is None else ""
                self.tables["macros"].append([row.name, parameters, body, row.line, self._text(row.condition)])

    def _text(self, text: str) -> int:
        index = self._texts.setdefault(text, len(self._texts))
        if index == len(self.tables["texts"]):
            self.tables["texts"].append(text)
        return index

    def _owner(self, scope: FunctionScope | None) -> int:
        return -1 if scope is None else self._ordinals.get(scope.start, -1)

    def _add_functions(self, reading: AstView) -> None:
        rows = {row.start: row for row in functions(reading)}
        for node in reading.nodes.get("function", ()):
            if (row := rows.get(node.start_byte)) is not None:
                kind = node.child_by_field_name("type")
                self._ordinals[row.start] = len(self.tables["functions"])
                self._parameters[row.start] = set(json.loads(row.parameters))
                self.tables["functions"].append(
                    [row.name, row.line, _linkage(reading, node, row), self._text(row.condition),
                     json.loads(row.parameters), reading.view.plain(kind) if kind is not None else ""]
                )  # fmt: skip

    def _add_calls(self, reading: AstView) -> None:
        labels = _Labels(reading)
        for node in reading.fresh("call"):
            callee, argument_list = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            scope = reading.scope(node.start_byte)
            if callee is None or argument_list is None or scope is None:
                continue
            start = node.start_byte
            name = reading.view.plain(callee)
            if callee.type != "identifier":
                self._wants(scope, name)
            elif name in scope.locals:
                continue  # a function pointer in a parameter or local variable
            handed = _handed(reading, argument_list, scope) + _made(reading, name, argument_list)
            self.tables["calls"].append(
                [self._owner(scope), name[:_MAX_TEXT], reading.line(start), self._text(reading.condition(start)),
                 self._text(labels.at(start)), handed]
            )  # fmt: skip

    def _wants(self, scope: FunctionScope, chain: str) -> None:
        if match := _ROOT.match(chain):
            self._roots.setdefault(scope.start, set()).add(match[1])

    def _add_stores(self, reading: AstView) -> None:
        for node in reading.fresh("assignment"):
            scope = reading.scope(node.start_byte)
            if scope is None:
                continue
            for target, value in _stored(reading, node):
                if not self._is_kept(scope, target, value):
                    continue
                self._wants(scope, target)
                self._wants(scope, value)
                self.tables["stores"].append(
                    [self._owner(scope), target[:_MAX_TEXT], value[:_MAX_TEXT], reading.line(node.start_byte),
                     self._text(reading.condition(node.start_byte))]
                )  # fmt: skip

    def _is_kept(self, scope: FunctionScope, target: str, value: str) -> bool:
        """Tell whether the value may be a function, or a member copied to a member of the same name."""
        field = _FIELD.search(target)
        if (plain := _VALUE.match(value)) is None:
            source = _FIELD.search(value)
            return field is not None and source is not None and source[1] == field[1]
        if field is not None and plain[1] in self._parameters.get(scope.start, ()):
            return True  # a function passed as a parameter may be stored here
        kept = not _CONSTANT.match(plain[1]) and plain[1] not in scope.locals
        return kept and (field is not None or target not in scope.locals)

    def _add_declarations(self, reading: AstView) -> None:
        """Add the types and initialisers of variables outside functions and of those through which calls are made."""
        text = reading.view.text
        for node in reading.nodes.get("declaration", ()):
            scope = reading.scope(node.start_byte)
            roots = self._roots.get(scope.start) if scope is not None else None
            initialised = b"{" in text[node.start_byte : node.end_byte]
            if scope is not None and not roots and not initialised:
                continue
            kind = node.child_by_field_name("type")
            if kind is None:
                continue
            owner = self._owner(scope)
            for declarator in node.children_by_field_name("declarator"):
                declared, holder = declared_by(declarator)
                if declared is None or holder == "function_declarator":
                    continue
                name = reading.view.plain(declared)
                if scope is None or (roots and name in roots):
                    self._add_variable(reading, owner, name, kind)
                if initialised and (value := declarator.child_by_field_name("value")) is not None:
                    self._add_entries(reading, value, (owner, name, _type(reading, kind)))

    def _add_variable(self, reading: AstView, owner: int, name: str, kind: tree_sitter.Node) -> None:
        if not _NUMBER.match(text := _type(reading, kind)):
            self.tables["variables"].append([owner, name, text])

    def _add_parameters(self, reading: AstView) -> None:
        for node in reading.nodes.get("function", ()):
            roots = self._roots.get(node.start_byte, set())
            for parameter in parameter_nodes(node) if roots else ():
                declared = name_of(parameter.child_by_field_name("declarator"))
                kind = parameter.child_by_field_name("type")
                if declared is not None and kind is not None and (name := reading.view.plain(declared)) in roots:
                    self._add_variable(reading, self._ordinals.get(node.start_byte, -1), name, kind)

    def _add_literals(self, reading: AstView) -> None:
        for node in reading.fresh("literal"):
            kind, value = node.child_by_field_name("type"), node.child_by_field_name("value")
            if kind is not None and value is not None:
                owner = self._owner(reading.scope(node.start_byte))
                self._add_entries(reading, value, (owner, "", reading.view.plain(kind)))

    def _add_entries(self, reading: AstView, value: tree_sitter.Node, named: tuple[int, str, str]) -> None:
        if value.type != "initializer_list":
            return
        seen = reading.seen.setdefault("entry", set())
        for offset, path, text in entries(reading.view.text, value.start_byte, value.end_byte):
            names = [name for name in _values(text) if not _CONSTANT.match(name)]
            if not names or offset in seen:
                continue
            seen.add(offset)
            line, condition = reading.line(offset), self._text(reading.condition(offset))
            self.tables["entries"] += [[*named, path, name, line, condition] for name in names]

    def _add_members(self, reading: AstView) -> None:
        positions: Counter[str] = Counter()
        for row in members(reading):
            if "." not in row.name:
                positions[row.owner] += 1
            if _LEADS_ON.search(row.type):
                self.tables["members"].append([row.owner, row.name, row.type, positions[row.owner] - 1])

    def _add_uses(self, reading: AstView) -> None:
        seen = reading.seen.setdefault("macro_use", set())
        for use in sorted(reading.view.repaired.uses, key=lambda use: use.start):
            if use.start not in seen and reading.scope(use.start) is None:
                seen.add(use.start)
                name = reading.view.span(use.start, use.opening).strip()
                arguments = reading.view.span(use.opening + 1, use.end - 1)[:_MAX_TEXT]
                self.tables["uses"].append([name, arguments, reading.line(use.start)])


def _linkage(reading: AstView, node: tree_sitter.Node, row: Function) -> int:
    """Return 1 for a static function, 2 for a weak one, which any other of its name overrides, else 0."""
    declarator = node.child_by_field_name("declarator")
    text, start = reading.view.text, node.start_byte
    # Attributes that stand first are no part of the node.
    before = re.split(rb"[;{}]", text[max(0, start - _MAX_TEXT) : start])[-1]
    head = before + text[start : declarator.start_byte if declarator is not None else start]
    return row.static or (2 if _WEAK.search(head) else 0)


def _handed(reading: AstView, arguments: tree_sitter.Node, scope: FunctionScope) -> list[list[int | str]]:
    """Return positions and names of the arguments that may be functions."""
    names = set(_WORDS.findall(reading.view.text[arguments.start_byte : arguments.end_byte].decode("utf-8", "replace")))
    if all(name in scope.locals or _CONSTANT.match(name) for name in names):
        return []  # the usual case
    texts = arguments_of(reading, arguments)
    handed: list[list[int | str]] = []
    for position, text in enumerate(texts):
        # For an ioctl, the first argument is the descriptor.
        handed += [
            [position, name, *texts[: name.startswith("KVM_")]]
            for name in _values(text)
            if name not in scope.locals and not _CONSTANT.match(name)
        ]
    return handed


def _made(reading: AstView, callee: str, arguments: tree_sitter.Node) -> list[list[int | str]]:
    """Return positions and texts of the arguments that tell which object a call creates or realizes."""
    positions = knowledge().made.makers.get(callee)
    if positions is None:
        return []
    texts = arguments_of(reading, arguments)
    return [[position, MADE, texts[position][:_MAX_TEXT]] for position in positions if position < len(texts)]


def _values(text: str) -> list[str]:
    """Return the name that an expression is, or the names that it chooses from; empty for any other expression."""
    choice = _EITHER.match(text)
    matches = [_VALUE.match(part) for part in (choice.groups() if choice else (text,))]
    return [match[1] for match in matches if match]


def _stored(reading: AstView, node: tree_sitter.Node) -> Iterator[tuple[str, str]]:
    """Yield target and value of an assignment that may store a function; twice for a choice of two values."""
    text = reading.view.text
    if (match := _STORE.match(text, node.start_byte, node.end_byte)) is not None:
        yield reading.view.span(*match.span("target")), reading.view.span(*match.span("value"))
    elif (choice := _CHOICE.match(text, node.start_byte, node.end_byte)) is not None:
        for name in _values(reading.view.span(choice.end("target"), node.end_byte)):
            yield reading.view.span(*choice.span("target")), name


class _Labels:
    """Enclosing case labels (with a capital initial) by offset; queries must be in file order."""

    def __init__(self, reading: AstView) -> None:
        self._pending = sorted(_named_extents(reading), reverse=True)
        self._open: list[tuple[int, int, str]] = []

    def at(self, offset: int) -> str:
        """Return the labels around an offset, separated by blanks."""
        while self._pending and self._pending[-1][0] <= offset:
            self._open.append(self._pending.pop())
        if self._open:
            self._open = [extent for extent in self._open if extent[1] > offset]
        return " ".join(name for _, _, name in self._open)


def _named_extents(reading: AstView) -> Iterator[tuple[int, int, str]]:
    for label, stop in label_extents(reading):
        value = label.child_by_field_name("value")
        if value is not None and _LABEL.match(name := reading.view.plain(value)):
            yield label.start_byte, stop, name


def _type(reading: AstView, kind: tree_sitter.Node) -> str:
    """Return a type's name, without the body of a struct that is defined in place."""
    body = kind.child_by_field_name("body")
    return reading.view.span(kind.start_byte, body.start_byte if body is not None else kind.end_byte).strip()
