"""Outline of a Rust file: what the call graph needs of it, as one JSON text.

Modules are written `a::b`, '' for the file's own; conditions are indexes into `texts`, as expressions of a C `#if`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import tree_sitter

from caplint.rust.call_bodies import BodyReader
from caplint.rust.cfg import ALWAYS, NEVER, condition_of
from caplint.rust.cfg_branches import branches
from caplint.rust.held_types import Bounds, bounds_of, held_type, joined_bounds, plain_path
from caplint.rust.scope import conditioned
from caplint.rust.syntax import RustFile, parse, parse_body

TABLES = ("texts", "functions", "calls", "types", "aliases", "traits", "impls", "uses", "modules", "variables")

_FILE_PATH = re.compile(r'#\[\s*path\s*=\s*"([^"]{1,200})"\s*\]\Z')
_MOST_USES = 5000


def rust_outline(source: bytes) -> str:
    """Return the outline of a file. Raises `UnreadableError` for one that cannot be read at all."""
    outline = _RustOutline(parse(source))
    outline.read(outline.file.root.named_children, _Around())
    return json.dumps(outline.tables, separators=(",", ":"))


@dataclass(frozen=True)
class _Around:
    """Place of an item."""

    module: tuple[str, ...] = ()
    owner: str = ""
    """Type of the implementation or trait around it."""
    trait: str = ""
    """Trait that is implemented; the owner itself inside a trait's definition."""
    conditions: tuple[str, ...] = ()
    bounds: tuple[tuple[str, str], ...] = ()

    def under(self, conditions: Iterable[str]) -> _Around:
        return replace(self, conditions=(*self.conditions, *conditions))


class _RustOutline:
    def __init__(self, file: RustFile) -> None:
        self.file = file
        self.tables: dict[str, list[Any]] = {name: [] for name in TABLES}
        self._texts: dict[str, int] = {}

    def _condition(self, conditions: Iterable[str]) -> int:
        text = " && ".join(f"({one})" for one in dict.fromkeys(conditions)) or ALWAYS
        index = self._texts.setdefault(text, len(self._texts))
        if index == len(self.tables["texts"]):
            self.tables["texts"].append(text)
        return index

    def _line(self, offset: int) -> int:
        return self.file.position(offset)[0]

    def read(self, nodes: Iterable[tree_sitter.Node], around: _Around) -> None:
        """Read items in order."""
        nodes = list(nodes)
        inner = [condition_of(self.file.plain(node)) for node in nodes if node.type == "inner_attribute_item"]
        around = around.under(condition for condition in inner if condition != ALWAYS)
        paths = dict(_file_paths(self.file, nodes))
        for conditions, node in conditioned(self.file, nodes):
            if NEVER not in conditions and NEVER not in around.conditions:
                self._item(node, around.under(conditions), paths.get(node.start_byte, ""))

    def _named(self, around: _Around, name: tree_sitter.Node) -> list[str]:
        return ["::".join(around.module), self.file.plain(name).removeprefix("r#")]

    def _item(self, node: tree_sitter.Node, around: _Around, path: str = "") -> None:
        if node.type == "mod_item":
            self._module(node, around, path)
        elif (reader := _READERS.get(node.type)) is not None:
            reader(self, node, around)

    def _inner(self, node: tree_sitter.Node, around: _Around) -> None:
        self.read(node.named_children, around)

    def _module(self, node: tree_sitter.Node, around: _Around, path: str) -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None:
            return
        if body is None:
            self.tables["modules"].append([*self._named(around, name), self._condition(around.conditions), path])
            return
        plain = self.file.plain(name).removeprefix("r#")
        self.read(body.named_children, replace(around, module=(*around.module, plain), owner="", trait=""))

    def _implementation(self, node: tree_sitter.Node, around: _Around) -> None:
        kind, trait, body = (node.child_by_field_name(name) for name in ("type", "trait", "body"))
        bounds = bounds_of(self.file, node, dict(around.bounds))
        owner = held_type(self.file, kind, bounds).removeprefix("?")
        named = plain_path(self.file.plain(trait)) if trait is not None else ""
        inside = body.named_children if body is not None else []
        assigned = {
            self.file.plain(name): held_type(self.file, child.child_by_field_name("type"), bounds)
            for child in inside
            if child.type == "type_item" and (name := child.child_by_field_name("name")) is not None
        }
        if named:
            module, where = "::".join(around.module), self._condition(around.conditions)
            self.tables["impls"].append([module, owner, named, assigned, where])
        functions = [child for child in inside if child.type not in {"type_item", "const_item"}]
        self.read(functions, replace(around, owner=owner, trait=named, bounds=tuple(bounds.items())))

    def _trait(self, node: tree_sitter.Node, around: _Around) -> None:
        name, body, limits = (node.child_by_field_name(field) for field in ("name", "body", "bounds"))
        if name is None:
            return
        plain = self.file.plain(name)
        above = joined_bounds(self.file, limits) if limits is not None else ""
        self.tables["traits"].append(["::".join(around.module), plain, above])
        bounds = bounds_of(self.file, node, dict(around.bounds))
        inside = replace(around, owner=plain, trait=plain, bounds=tuple(bounds.items()))
        self.read(body.named_children if body is not None else (), inside)

    def _structure(self, node: tree_sitter.Node, around: _Around) -> None:
        name = node.child_by_field_name("name")
        if name is not None:
            bounds = bounds_of(self.file, node, dict(around.bounds))
            fields = self._fields(node.child_by_field_name("body"), bounds)
            self.tables["types"].append([*self._named(around, name), fields])

    def _fields(self, body: tree_sitter.Node | None, bounds: Bounds) -> dict[str, str]:
        found: dict[str, str] = {}
        ordinal = 0
        for child in body.named_children if body is not None else ():
            field, kind = child.child_by_field_name("name"), child.child_by_field_name("type")
            if field is not None:
                found[self.file.plain(field)] = held_type(self.file, kind, bounds)
            elif child.type not in {"visibility_modifier", "attribute_item", "line_comment", "block_comment"}:
                found[str(ordinal)] = held_type(self.file, child, bounds)
                ordinal += 1
        return {field: held for field, held in found.items() if held}

    def _enumeration(self, node: tree_sitter.Node, around: _Around) -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None:
            return
        bounds = bounds_of(self.file, node, dict(around.bounds))
        module, plain = self._named(around, name)
        self.tables["types"].append([module, plain, {}])
        for child in body.named_children if body is not None else ():
            variant = child.child_by_field_name("name")
            fields = self._fields(child.child_by_field_name("body"), bounds)
            if child.type == "enum_variant" and variant is not None and fields:
                self.tables["types"].append([module, f"{plain}::{self.file.plain(variant)}", fields])

    def _single(self, node: tree_sitter.Node, around: _Around) -> None:
        name, kind = node.child_by_field_name("name"), node.child_by_field_name("type")
        if name is not None and kind is not None and not around.owner:
            bounds = bounds_of(self.file, node, dict(around.bounds))
            if held := held_type(self.file, kind, bounds):
                table = "aliases" if node.type == "type_item" else "variables"
                self.tables[table].append([*self._named(around, name), held])

    def _function(self, node: tree_sitter.Node, around: _Around) -> None:
        name, parameters, body = (node.child_by_field_name(field) for field in ("name", "parameters", "body"))
        if name is None:
            return
        bounds = bounds_of(self.file, node, dict(around.bounds))
        given = [child for child in parameters.named_children if child.type.endswith("parameter")] if parameters else []
        has_self = any(child.type == "self_parameter" for child in given)
        chosen = parameters is not None and any(child.type == "attribute_item" for child in parameters.named_children)
        result = held_type(self.file, node.child_by_field_name("return_type"), bounds)
        number = len(self.tables["functions"])
        self.tables["functions"].append(
            [self.file.plain(name).removeprefix("r#"), self._line(name.start_byte), self._line(_end(node)),
             "::".join(around.module), around.owner, around.trait, self._condition(around.conditions), result,
             -1 if chosen else len(given) - has_self, int(has_self), int(body is not None)]
        )  # fmt: skip
        if body is None:
            return
        reader = BodyReader(self.file, bounds, self._inside(around))
        for child in given:
            pattern = child.child_by_field_name("pattern")
            if pattern is not None:
                reader.bind_type(pattern, child.child_by_field_name("type"))
        reader.read(body)
        self._add_calls(number, reader, around)

    def _inside(self, around: _Around) -> Any:
        """Return the reader of items inside a function of this place."""
        free = replace(around, owner="", trait="", bounds=())

        def read(node: tree_sitter.Node, conditions: list[str]) -> None:
            self._item(node, free.under(conditions))

        return read

    def _add_calls(self, number: int, reader: BodyReader, around: _Around) -> None:
        for kind, what, offset, conditions, count in reader.calls:
            if what and (kind != "p" or not _is_constructor(what)):
                condition = self._condition((*around.conditions, *conditions))
                self.tables["calls"].append([number, kind, what, self._line(offset), condition, count])

    def _macro(self, node: tree_sitter.Node, around: _Around) -> None:
        """Add a macro whose rules are code as a function, `name!`, whose calls are those of its rules."""
        name = node.child_by_field_name("name")
        if name is None:
            return
        number = len(self.tables["functions"])
        first, last = self._line(name.start_byte), self._line(_end(node))
        self.tables["functions"].append(
            [f"{self.file.plain(name)}!", first, last, "", "", "", self._condition(around.conditions), "", 0, 0, 1]
        )
        for rule in (child for child in node.named_children if child.type == "macro_rule"):
            right = rule.child_by_field_name("right")
            body = parse_body(self.file, right.start_byte, right.end_byte) if right is not None else None
            if body is not None:
                reader = BodyReader(body, {}, lambda _node, _conditions: None)
                reader.read(body.root)
                self._add_calls(number, reader, around)

    def _use(self, node: tree_sitter.Node, around: _Around) -> None:
        argument = node.child_by_field_name("argument")
        public = any(child.type == "visibility_modifier" for child in node.named_children)
        if argument is None or len(self.tables["uses"]) > _MOST_USES:
            return
        module, condition = "::".join(around.module), self._condition(around.conditions)
        for name, path in _used(self.file, argument, ""):
            self.tables["uses"].append([module, name, path, condition, int(public)])

    def _alternatives(self, node: tree_sitter.Node, around: _Around) -> None:
        """Read the branches of `cfg_if!`."""
        for condition, root in branches(self.file, node):
            self.read(root.named_children, around.under([condition]))


_READERS: dict[str, Callable[[_RustOutline, tree_sitter.Node, _Around], None]] = {
    "function_item": _RustOutline._function,
    "function_signature_item": _RustOutline._function,
    "impl_item": _RustOutline._implementation,
    "trait_item": _RustOutline._trait,
    "struct_item": _RustOutline._structure,
    "union_item": _RustOutline._structure,
    "enum_item": _RustOutline._enumeration,
    "type_item": _RustOutline._single,
    "const_item": _RustOutline._single,
    "static_item": _RustOutline._single,
    "use_declaration": _RustOutline._use,
    "macro_definition": _RustOutline._macro,
    "macro_invocation": _RustOutline._alternatives,
    "expression_statement": _RustOutline._inner,
    "ERROR": _RustOutline._inner,
    "foreign_mod_item": _RustOutline._inner,
}


def _file_paths(file: RustFile, nodes: list[tree_sitter.Node]) -> Iterator[tuple[int, str]]:
    """Yield the items behind `#[path = "…"]`, by their offsets, with that path."""
    path = ""
    for node in nodes:
        if node.type == "attribute_item":
            match = _FILE_PATH.match(file.plain(node))
            path = match.group(1) if match else path
        elif node.type not in {"line_comment", "block_comment"}:
            if path:
                yield node.start_byte, path
            path = ""


def _end(node: tree_sitter.Node) -> int:
    return max(node.start_byte, node.end_byte - 1)


def _is_constructor(path: str) -> bool:
    """Tell whether a path is that of a variant or tuple structure, by its capital."""
    last = path.rpartition("::")[2]
    return last[:1].isupper()


def _used(file: RustFile, node: tree_sitter.Node, before: str) -> Iterator[tuple[str, str]]:
    """Yield name and path of each import of a declaration; `*` for all of a module."""

    def behind(path: str) -> str:
        return "::".join(filter(None, (before, path)))

    match node.type:
        case "scoped_use_list" | "use_list":
            path, listed = node.child_by_field_name("path"), node.child_by_field_name("list") or node
            inner = behind(plain_path(file.plain(path))) if path is not None else before
            for child in listed.named_children:
                yield from _used(file, child, inner)
        case "use_as_clause":
            path, alias = node.child_by_field_name("path"), node.child_by_field_name("alias")
            if path is not None and alias is not None:
                yield file.plain(alias), behind(plain_path(file.plain(path)))
        case "use_wildcard":
            inside = next(iter(node.named_children), None)
            yield "*", behind(plain_path(file.plain(inside))) if inside is not None else before
        case _:
            path_text = behind(plain_path(file.plain(node))) if node.type != "self" else before
            yield path_text.rpartition("::")[2], path_text
