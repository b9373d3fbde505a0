"""Declarations of a Rust file that have C's layout, as a C header: `#[repr(C)]` types, their aliases, and constants.

It undoes what bindgen does to a header: nested types without a tag (`kvm_regs__bindgen_ty_1`) are written where they
are used, `__BindgenBitfieldUnit` becomes the bit-fields that its accessors name, and `__IncompleteArrayField` a
flexible array.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import tree_sitter

from caplint.rust.c_members import BitFields, array_at_end, bare, c_name, members_of
from caplint.rust.syntax import RustFile, parse

# Beyond it the rest is left out: bindings of KVM have some 3,000 members, those of a whole system 20,000.
_MOST_MEMBERS = 30_000
_DEEPEST = 20
_NESTED = re.compile(r"\w+__bindgen_ty_\d+\Z")
_UNNAMED = re.compile(r"__bindgen_anon_\d+\Z")
_REPR = re.compile(r"#!?\[\s*repr\s*\(([^\]]*)\)\s*\]\Z", re.DOTALL)
_ALIGN = re.compile(r"\balign\s*\(\s*(\d{1,5})\s*\)")
_INTEGER = re.compile(r"-?(?:0x[0-9a-fA-F_]{1,40}|[0-9][0-9_]{0,39})(?:[iu]\w{1,4})?\Z")
_TAIL = re.compile(r"(?<=[0-9a-fA-F])_?[iu](?:8|16|32|64|128|size)\Z")


@dataclass(frozen=True)
class RustHeader:
    """C header and the lines of the Rust file that its lines come from."""

    text: str
    lines: tuple[int, ...]


@dataclass(frozen=True)
class _DeclaredType:
    """Type with C's layout."""

    name: str
    kind: str
    """`struct`, `union`, or `alias`."""
    node: tree_sitter.Node
    attributes: str = ""


@dataclass
class _HeaderWriter:
    file: RustFile
    types: dict[str, _DeclaredType]
    bit_fields: dict[str, BitFields]
    pieces: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    count: int = 0

    def put(self, text: str, node: tree_sitter.Node) -> None:
        """Write one line."""
        self.pieces.append(text)
        self.lines.append(self.file.position(node.start_byte)[0])


def c_header(source: bytes, prefix: str) -> RustHeader:
    """Return the constants of a file, and the types whose names have a prefix, with those that they hold.

    Raises `UnreadableError` for one that cannot be read at all.
    """
    file = parse(source)
    writer = _HeaderWriter(file, {}, {})
    constants: list[tree_sitter.Node] = []
    attributes: list[str] = []
    for node in file.root.named_children:
        if node.type == "attribute_item":
            attributes.append(file.plain(node))
            continue
        if node.type == "const_item":
            constants.append(node)
        elif node.type == "impl_item":
            _accessors(writer, node)
        elif "comment" not in node.type and (declared := _declared(file, node, attributes)) is not None:
            writer.types.setdefault(declared.name, declared)
        if "comment" not in node.type:
            attributes = []
    for name in writer.types:
        if name.startswith(prefix) and not _NESTED.match(name):
            _write(writer, name)
    for node in constants:
        _constant(writer, node)
    return RustHeader("".join(f"{piece}\n" for piece in writer.pieces), tuple(writer.lines))


def _declared(file: RustFile, node: tree_sitter.Node, attributes: list[str]) -> _DeclaredType | None:
    """Return the type that an item declares if its layout is C's."""
    name = node.child_by_field_name("name")
    if name is None:
        return None
    if node.type == "type_item":
        if node.child_by_field_name("type_parameters") is not None:
            return None
        return _DeclaredType(file.plain(name), "alias", node)
    if node.type not in {"struct_item", "union_item", "enum_item"}:
        return None
    representation = ",".join(match.group(1) for text in attributes if (match := _REPR.match(text.strip())))
    if node.type == "enum_item" or "transparent" in representation:
        return _DeclaredType(file.plain(name), "alias", node, representation) if representation else None
    generic = node.child_by_field_name("type_parameters") is not None and array_at_end(file, node) is None
    if not re.search(r"\bC\b", representation) or generic:
        return None
    words = ["packed"] if "packed" in representation else []
    words += [f"aligned({match.group(1)})" for match in _ALIGN.finditer(representation)]
    written = f" __attribute__(({', '.join(words)}))" if words else ""
    kind = "union" if node.type == "union_item" else "struct"
    return _DeclaredType(file.plain(name), kind, node, written)


def _accessors(writer: _HeaderWriter, node: tree_sitter.Node) -> None:
    kind, body = node.child_by_field_name("type"), node.child_by_field_name("body")
    if kind is None or body is None or node.child_by_field_name("trait") is not None:
        return
    name = writer.file.plain(kind)
    writer.bit_fields.setdefault(name, BitFields()).read(writer.file.plain(body))


def _write(writer: _HeaderWriter, name: str) -> None:
    """Write a type, and before it those that it holds. A type that holds itself is left out, as C does not have it."""
    pending = [(name, False)]
    open_types: set[str] = set()
    while pending:
        current, ready = pending.pop()
        declared = writer.types.get(current)
        if declared is None or current in writer.written:
            continue
        if not ready and current not in open_types:
            open_types.add(current)
            pending.append((current, True))
            pending += [(held, False) for held in _held(writer, declared)]
        elif ready:
            writer.written.add(current)
            _declare(writer, declared)


def _held(writer: _HeaderWriter, declared: _DeclaredType) -> Iterator[str]:
    """Yield the types that must be complete before this one, those of types that are written in place too."""
    pending, seen = [declared], {declared.name}
    while pending:
        for member in members_of(writer.file, pending.pop().node):
            inner = writer.types.get(member.type)
            if inner is None or member.type in seen:
                continue
            seen.add(member.type)
            if _NESTED.match(member.type):
                pending.append(inner)
            else:
                yield member.type


def _declare(writer: _HeaderWriter, declared: _DeclaredType) -> None:
    if declared.kind == "alias":
        _alias(writer, declared)
        return
    members = list(members_of(writer.file, declared.node))
    if members and all(member.name == "_unused" for member in members):
        return  # a type that is declared and not defined
    place = declared.node.child_by_field_name("name") or declared.node
    writer.put(f"{_kind(writer, declared)} {c_name(declared.name)} {{", place)
    _members(writer, declared, 0)
    writer.put(f"}}{declared.attributes};", declared.node)


def _kind(writer: _HeaderWriter, declared: _DeclaredType) -> str:
    """Return the keyword: what bindgen writes as a structure of `__BindgenUnionField`s is a union."""
    members = members_of(writer.file, declared.node)
    return "union" if any(member.name == "bindgen_union_field" for member in members) else declared.kind


def _members(writer: _HeaderWriter, declared: _DeclaredType, depth: int) -> None:
    members = list(members_of(writer.file, declared.node))
    is_union = declared.kind == "struct" and any(member.name == "bindgen_union_field" for member in members)
    for member in members:
        writer.count += 1
        if writer.count > _MOST_MEMBERS:
            return
        if is_union and member.name == "bindgen_union_field" and len(members) > 1:
            continue
        if member.bit_unit:
            bits = writer.bit_fields.get(declared.name, BitFields())
            for text in bits.declarations(member.name, member.bit_unit):
                writer.put(text, member.node)
            continue
        inner = writer.types.get(member.type)
        if inner is None or inner.kind == "alias" or not _NESTED.match(member.type) or depth >= _DEEPEST:
            named = f"{_spelled(writer, member.type)} {c_name(member.name)}{member.dimensions};"
            writer.put(named, member.node)
            continue
        writer.put(f"{_kind(writer, inner)} {{", member.node)
        _members(writer, inner, depth + 1)
        name = "" if _UNNAMED.match(member.name) else f" {c_name(member.name)}{member.dimensions}"
        writer.put(f"}}{inner.attributes}{name};", member.node)


def _spelled(writer: _HeaderWriter, text: str) -> str:
    """Return a type as C writes it: with its keyword if it is a structure's name."""
    declared = writer.types.get(text)
    return f"{_kind(writer, declared)} {c_name(text)}" if declared and declared.kind != "alias" else bare(text)


def _alias(writer: _HeaderWriter, declared: _DeclaredType) -> None:
    node, name = declared.node, c_name(declared.name)
    if node.type == "enum_item":
        kind = re.search(r"\b[iu](?:8|16|32|64)\b", declared.attributes)
        writer.put(f"typedef {bare(kind.group()) if kind else 'unsigned int'} {name};", node)
        return
    if node.type != "type_item":
        holding = [member for member in members_of(writer.file, node) if "PhantomData" not in member.type]
        if len(holding) == 1 and not holding[0].bit_unit:
            writer.put(f"typedef {_spelled(writer, holding[0].type)} {name}{holding[0].dimensions};", node)
        return
    for member in members_of(writer.file, node):
        if member.type and member.type != declared.name:
            writer.put(f"typedef {_spelled(writer, member.type)} {name}{member.dimensions};", node)


def _constant(writer: _HeaderWriter, node: tree_sitter.Node) -> None:
    """Write a constant that is a number. bindgen puts the name of an enumeration before those of its members."""
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    kind = node.child_by_field_name("type")
    if name is None or value is None or kind is None:
        return
    text = writer.file.plain(value)
    if not _INTEGER.match(text):
        return
    digits = _TAIL.sub("", text).replace("_", "")
    number = int(digits, 16 if "x" in digits else 10)
    prefix = f"{writer.file.plain(kind)}_"
    plain = writer.file.plain(name)
    if not plain.isidentifier() or not -(1 << 63) <= number < 1 << 64:
        return
    shown = f"({number})" if number < 0 else f"{number:#x}ULL" if number >= 1 << 31 else str(number)
    short = plain.removeprefix(prefix)
    writer.put(f"#define {short if short.isidentifier() else plain} {shown}", name)
