"""Sizes, alignments and offsets of C types in one ABI, as GCC lays them out.

Sources: the System V ABI and its processor supplements; for bit-fields and attributes GCC's manual ("Type
Attributes", "Structure Layout") and stor-layout.cc. Offsets and sizes are in bytes. Bit positions count from the
beginning of the structure in the ABI's order of allocation: from a byte's least significant bit if it is little
endian, from its most significant bit if it is big endian.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from pycparser import c_ast

from caplint.abi.abis import Abi
from caplint.abi.attributes import MARKER, Attributes, DeclarationChunk
from caplint.abi.constants import DeclaredConstants
from caplint.abi.types import FollowsError, LocateNode, NumberedName, Record, StructMember, Type
from caplint.values.c_integers import UnknownValueError

# Limit for the size of one type, in bytes; a larger one is a mistake or an attack.
_MAX_SIZE = 1 << 31
_MAX_MEMBERS = 5000
_RECORDS = (c_ast.Struct, c_ast.Union)


class Types:
    """Types declared so far in one translation unit."""

    def __init__(self, abi: Abi) -> None:
        self._abi = abi
        self._basic = _basic(abi)
        self._typedefs: dict[str, Type] = {}
        self.records: dict[str, Record] = {}
        self.failed: set[str] = set()
        """Names (`struct tag`) of the types without a known layout."""
        self.constants = DeclaredConstants(abi, self.of)
        self.enumerators: list[NumberedName] = []
        """Names of all enumerations so far."""
        self._attributes: list[Attributes] = []
        self._read: set[int] = set()
        self._place: LocateNode = lambda _: ("", 0)

    def declare(self, node: c_ast.Node, chunk: DeclarationChunk, locate: LocateNode) -> None:
        """Declare the types of a declaration. Raises `UnknownValueError` if one has no known layout."""
        self._attributes, self._read, self._place = chunk.attributes, set(), locate
        if isinstance(node, c_ast.Typedef | c_ast.Decl):
            declared = self.of(node.type)
            marks = self._marks(f"{MARKER}{number}" for number in chunk.outer)
            if isinstance(node, c_ast.Typedef):
                if any(mark.packed for mark in marks):
                    raise UnknownValueError("`packed` on a typedef is not understood")
                self._typedefs[node.name] = _named(declared, node.name, self.alignment(marks))
        if len(self._read) != len(chunk.attributes):
            raise UnknownValueError("it is not clear what an attribute applies to")

    def of(self, node: c_ast.Node) -> Type:
        """Return the type that a node denotes. Raises `UnknownValueError`."""
        match node:
            case c_ast.Typename() | c_ast.TypeDecl():
                return self.of(node.type)
            case c_ast.IdentifierType():
                return self._identifier(node.names)
            case c_ast.PtrDecl():
                size = self._abi.bits // 8
                return Type(size, size, f"{_text(node.type)} *")
            case c_ast.ArrayDecl():
                return self._array(node)
            case c_ast.Struct() | c_ast.Union():
                return self._record(node)
            case c_ast.Enum():
                return self._enum(node)
            case c_ast.FuncDecl():
                return Type(0, 1, "function")
        raise UnknownValueError(f"a type of kind {type(node).__name__} is not understood")

    def _identifier(self, names: list[str]) -> Type:
        text = " ".join(names)
        if text in self._typedefs:
            return self._typedefs[text]
        key = tuple(sorted(names))
        if key in self._basic:
            self._typedefs[text] = replace(self._basic[key], text=text)
            return self._typedefs[text]
        raise UnknownValueError(f"the type {text} is not known")

    def _array(self, node: c_ast.ArrayDecl) -> Type:
        element = self.of(node.type)
        length = self.constants.value(node.dim) if node.dim is not None else 0
        if length < 0 or element.size * length > _MAX_SIZE:
            raise UnknownValueError("an array's length is negative or enormous")
        base, brackets, rest = element.text.partition("[")
        text = f"{base}[{length if node.dim is not None else ''}]{brackets}{rest}"
        members = tuple(
            member._replace(name=f"[].{member.name}") for member in element.members if element.tag is None
        )  # fmt: skip
        return Type(element.size * length, element.alignment, text, members, element.tag, element.fixed)

    def _enum(self, node: c_ast.Enum) -> Type:
        entries = node.values.enumerators if node.values is not None else []
        values = self.constants.enumerate(entries)
        tag = node.name or (f"enum of {entries[0].name}" if entries else "")
        for entry, value in zip(entries, values, strict=True):
            alias = entry.value.name if isinstance(entry.value, c_ast.ID) else ""
            self.enumerators.append(NumberedName(entry.name, value, alias, tag, *self._place(entry)))
        if values and (max(values) >= 1 << 32 or min(values) < -(1 << 31)):
            raise UnknownValueError("an enumeration is wider than an int")
        return Type(4, 4, f"enum {node.name}" if node.name else "enum")

    def _record(self, node: c_ast.Struct | c_ast.Union) -> Type:
        kind = "struct" if isinstance(node, c_ast.Struct) else "union"
        name = f"{kind} {node.name}"
        if node.decls is None:
            if node.name in self.records and self.records[node.name].kind == kind:
                return self.records[node.name].type
            if name in self.failed:
                raise FollowsError(f"holds {name}, whose layout is not known")
            raise UnknownValueError(f"{name} is not declared")
        try:
            record_type = _Layout(self, self._abi, kind, node).type()
        except UnknownValueError:
            self.failed |= {name} if node.name else set()
            raise
        if node.name is None:
            return replace(record_type, text=kind)
        path, line = self._place(node)
        record_type = replace(record_type, text=name, tag=node.name)
        self.records[node.name] = Record(kind, node.name, record_type, path, line, _tags(node))
        return record_type

    def place(self, node: c_ast.Node) -> tuple[str, int]:
        """Return path and line of a node of the current declaration."""
        return self._place(node)

    def marks(self, node: c_ast.Decl) -> list[Attributes]:
        """Return the attributes of a member. Raises `UnknownValueError`."""
        return self._marks(_alignments(node))

    def own_marks(self, decls: Iterable[c_ast.Node]) -> tuple[list[Attributes], list[c_ast.Node]]:
        """Return a structure's own attributes, and its members without the markers."""
        numbers, members = [], []
        for decl in decls:
            if isinstance(decl, c_ast.Decl) and decl.name and decl.name.startswith(MARKER):
                numbers.append(decl.name)
            else:
                members.append(decl)
        return self._marks(numbers), members

    def _marks(self, names: Iterable[str]) -> list[Attributes]:
        marks = []
        for name in names:
            number = int(name.removeprefix(MARKER))
            self._read.add(number)
            marks.append(self._attributes[number])
        return marks

    def alignment(self, marks: Iterable[Attributes]) -> int:
        """Return the alignment that attributes request, in bytes; 0 without a request. Raises `UnknownValueError`."""
        wanted = 0
        for mark in marks:
            for text in mark.aligned:
                if not text:
                    raise UnknownValueError("`aligned` without a number differs between processors")
                value = self.constants.text(text)
                if value <= 0 or value & (value - 1) or value > 1 << 16:
                    raise UnknownValueError(f"an alignment of {value} is not valid")
                wanted = max(wanted, value)
        return wanted


class _Layout:
    """Layout computation for one structure or union."""

    def __init__(self, types: Types, abi: Abi, kind: str, node: c_ast.Struct | c_ast.Union) -> None:
        self._types = types
        self._abi = abi
        self._union = kind == "union"
        marks, self._decls = types.own_marks(node.decls)
        self._packed = any(mark.packed for mark in marks)
        self._wanted = types.alignment(marks)
        self._bit = 0
        self._end = 0
        self._alignment = 1
        self._members: list[StructMember] = []

    def type(self) -> Type:
        """Return the type with size, alignment and members. Raises `UnknownValueError`."""
        for decl in self._decls:
            if isinstance(decl, c_ast.StaticAssert | c_ast.Pragma):
                continue
            if not isinstance(decl, c_ast.Decl):
                raise UnknownValueError(f"a member of kind {type(decl).__name__} is not understood")
            if decl.name is None and decl.bitsize is None and not isinstance(decl.type, _RECORDS):
                self._types.of(decl.type)  # an enumeration or a forward declaration of a tag
                continue
            if self._union:
                self._bit = 0
            self._member(decl)
            self._end = max(self._end, self._bit)
            if len(self._members) > _MAX_MEMBERS or self._end > 8 * _MAX_SIZE:
                raise UnknownValueError("is enormous")
        alignment = max(self._alignment, self._wanted)
        size = _up((self._end + 7) // 8, alignment)
        return Type(size, alignment, "", tuple(self._members))

    def _member(self, decl: c_ast.Decl) -> None:
        if decl.name is None and isinstance(decl.type, _RECORDS) and decl.type.decls is None:
            return  # `struct tag;` declares no member
        type_ = self._types.of(decl.type)
        marks = self._types.marks(decl)
        packed = self._packed or any(mark.packed for mark in marks)
        alignment = max(1 if packed else type_.alignment, self._types.alignment(marks))
        path, line = self._types.place(decl)
        if decl.bitsize is not None:
            self._bit_field(decl, type_, alignment, packed, (path, line))
            return
        offset = _up((self._bit + 7) // 8, alignment)
        self._bit = 8 * (offset + type_.size)
        self._alignment = max(self._alignment, alignment)
        if decl.name is not None:
            self._members.append(StructMember(decl.name, offset, type_.size, None, None, type_.text, path, line))
            if type_.tag is None:
                self._members += [_below(member, decl.name, offset) for member in type_.members]
        else:
            self._members += [_below(member, "", offset) for member in type_.members]

    def _bit_field(self, decl: c_ast.Decl, declared: Type, alignment: int, packed: bool, at: tuple[str, int]) -> None:
        width = self._types.constants.value(decl.bitsize)
        if not 0 <= width <= 8 * declared.size:
            raise UnknownValueError(f"a bit-field of {width} bits in a {declared.text}")
        if declared.members or declared.tag:
            raise UnknownValueError(f"a bit-field of type {declared.text}")
        unit = 8 * alignment
        straddles = (self._bit % unit + width + unit - 1) // unit > 8 * declared.size // unit
        if width == 0:
            self._bit = _up(self._bit, 8 * declared.alignment)
        elif alignment > 1 if packed else straddles:
            self._bit = _up(self._bit, unit)
        if decl.name is not None or (self._abi.anonymous_bit_fields and not packed):
            self._alignment = max(self._alignment, declared.alignment if width == 0 else alignment)
        if decl.name is not None:
            self._members.append(
                StructMember(decl.name, self._bit // 8, declared.size, self._bit, width, declared.text, *at)
            )  # fmt: skip
        self._bit += width


def _below(member: StructMember, prefix: str, offset: int) -> StructMember:
    """Return a nested member with its name and offset relative to the enclosing structure."""
    dot = "" if not prefix or member.name.startswith("[") else "."
    bit = None if member.bit_offset is None else member.bit_offset + 8 * offset
    return member._replace(name=f"{prefix}{dot}{member.name}", offset=member.offset + offset, bit_offset=bit)


def _named(type_: Type, name: str, alignment: int) -> Type:
    """Return a typedef's type; an `aligned` attribute on the typedef may lower or raise the alignment."""
    if alignment:
        return replace(type_, text=name, alignment=alignment, fixed=True)
    return type_ if type_.tag is not None else replace(type_, text=name)


def _alignments(node: c_ast.Decl) -> list[str]:
    """Return the names of the markers in front of a member. Raises `UnknownValueError` for a real `_Alignas`."""
    names = []
    for entry in node.align or ():
        name = entry.alignment.name if isinstance(entry.alignment, c_ast.ID) else ""
        if not name.startswith(MARKER):
            raise UnknownValueError("_Alignas is not understood")
        names.append(name)
    return names


@lru_cache(maxsize=4096)
def _tags(record: c_ast.Struct | c_ast.Union) -> frozenset[str]:
    """Return the tags in the members' types, at any depth; pointers are left out."""
    tags: set[str] = set()
    pending: list[c_ast.Node] = list(record.decls)
    while pending:
        node = pending.pop()
        if isinstance(node, c_ast.PtrDecl):
            continue
        if isinstance(node, _RECORDS) and node.name:
            tags.add(node.name)
        pending += [child for _, child in node.children()]
    return frozenset(tags)


def _text(node: c_ast.Node) -> str:
    """Return a readable name of a pointer's target type."""
    match node:
        case c_ast.IdentifierType():
            return " ".join(node.names)
        case c_ast.Struct() | c_ast.Union() | c_ast.Enum():
            return f"{type(node).__name__.lower()} {node.name or ''}".strip()
        case c_ast.PtrDecl():
            return f"{_text(node.type)} *"
    return _text(node.type) if getattr(node, "type", None) is not None else "void"


def _up(value: int, unit: int) -> int:
    return (value + unit - 1) // unit * unit


def _basic(abi: Abi) -> dict[tuple[str, ...], Type]:
    """Return C's built-in types, by their sorted words."""
    long, wide = abi.bits // 8, abi.wide_alignment
    sizes: dict[str, tuple[int, int]] = {
        "char": (1, 1), "short": (2, 2), "int": (4, 4), "long": (long, long), "long long": (8, wide),
    }  # fmt: skip
    basic_types: dict[tuple[str, ...], Type] = {}
    for name, (size, alignment) in sizes.items():
        for extra in ("", "int") if name in {"short", "long", "long long"} else ("",):
            for sign in ("", "signed", "unsigned"):
                basic_types[tuple(sorted(f"{name} {extra} {sign}".split()))] = Type(size, alignment, name)
    for sign in ("signed", "unsigned"):
        basic_types[sign,] = Type(4, 4, sign)
    basic_types["float",] = Type(4, 4, "float")
    basic_types["double",] = Type(8, wide, "double")
    basic_types["_Bool",] = Type(1, 1, "_Bool")
    basic_types["void",] = Type(1, 1, "void")
    if abi.int128:
        for words in (["__int128"], ["__int128", "unsigned"], ["__int128", "signed"], ["__int128_t"], ["__uint128_t"]):
            basic_types[tuple(sorted(words))] = Type(16, abi.int128, " ".join(words))
    return basic_types
