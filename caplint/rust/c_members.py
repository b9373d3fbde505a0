"""Members of Rust's structures and unions, with their types as C writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import tree_sitter

from caplint.rust.syntax import RustFile
from caplint.rust.words import words

_TYPES = {
    "u8": "unsigned char", "u16": "unsigned short", "u32": "unsigned int", "u64": "unsigned long long",
    "u128": "unsigned __int128", "i8": "signed char", "i16": "short", "i32": "int", "i64": "long long",
    "i128": "__int128", "usize": "unsigned long", "isize": "long", "bool": "unsigned char", "f32": "float",
    "f64": "double", "c_int": "int", "c_uint": "unsigned int", "c_ulong": "unsigned long", "c_long": "long",
    "c_char": "char", "c_schar": "signed char", "c_uchar": "unsigned char", "c_ushort": "unsigned short",
    "c_short": "short", "c_ulonglong": "unsigned long long", "c_longlong": "long long", "c_void": "void",
}  # fmt: skip
_FLEXIBLE, _BITS, _EITHER = "__IncompleteArrayField", "__BindgenBitfieldUnit", "__BindgenUnionField"
# A parameter that stands for the array at the end: bindgen's `--flexarray-dst`.
_END = re.compile(r"<\s*(\w+)\s*:\s*\?Sized\s*=\s*\[\s*([\w:]+)\s*;\s*0(?:usize)?\s*\]\s*,?\s*>\Z")
_LENGTH = re.compile(r"(\d{1,9})_?(?:usize)?\Z")
_DEEPEST = 8
# An accessor of a bit-field: its name, type, unit, and its offset and width in bits.
_ACCESSOR = re.compile(
    r"\bfn\s+(\w+)\s*\(\s*&self\s*\)\s*->\s*([\w:]+)\s*\{[^{}]{0,200}\{?[^{}]{0,300}?"
    r"\b(_bitfield_\d+)\s*\.\s*get(?:_const)?(?:::<\s*|\s*\(\s*)(\d{1,6})usize\s*,\s*(\d{1,3})u8"
)


@dataclass(frozen=True)
class RustMember:
    """Member with its type: a primitive type's name, or that of another type."""

    name: str
    type: str
    dimensions: str
    node: tree_sitter.Node
    bit_unit: int = 0
    """Bytes of a unit of bit-fields; 0 for others."""


@dataclass
class BitFields:
    """Bit-fields of one structure, as its accessors tell: unit → offset → name, type and width."""

    units: dict[str, dict[int, tuple[str, str, int]]] = field(default_factory=dict)

    def read(self, text: str) -> None:
        """Read the accessors in the body of an implementation."""
        for name, kind, unit, offset, width in _ACCESSOR.findall(text):
            self.units.setdefault(unit, {})[int(offset)] = (name, bare(kind.rpartition(":")[2]), int(width))

    def declarations(self, unit: str, size: int) -> Iterator[str]:
        """Yield the declarations of a unit's bit-fields, with unnamed ones for the rest of its bytes."""
        at = 0
        for offset, (name, kind, width) in sorted(self.units.get(unit, {}).items()):
            yield from _unnamed(at, offset)
            yield f"{kind} {c_name(name)} : {width};"
            at = max(at, offset + width)
        yield from _unnamed(at, 8 * size)


def _unnamed(start: int, end: int) -> Iterator[str]:
    while start < end:
        width = min(8 - start % 8, end - start)
        yield f"unsigned char : {width};"
        start += width


def bare(text: str) -> str:
    """Return a type's name as C writes it."""
    return _TYPES.get(text) or c_name(text)


def c_name(name: str) -> str:
    """Return a name as the C header has it: bindgen appends `_` to words that Rust reserves."""
    name = name.removeprefix("r#")
    return name[:-1] if name.endswith("_") and name[:-1] in words().reserved else name


def members_of(file: RustFile, node: tree_sitter.Node) -> Iterator[RustMember]:
    """Yield the members of a structure or union, with those that have no size left out; of an alias its type."""
    if node.type == "type_item":
        kind = node.child_by_field_name("type")
        if kind is not None and (member := _member(file, "", kind, node)) is not None:
            yield member
        return
    body = node.child_by_field_name("body")
    end = array_at_end(file, node)
    ordinal = 0
    for child in body.named_children if body is not None else ():
        if child.type == "field_declaration":
            name, kind = child.child_by_field_name("name"), child.child_by_field_name("type")
            text = file.plain(name) if name is not None else ""
        elif "comment" in child.type or child.type in {"visibility_modifier", "attribute_item"}:
            continue
        else:
            name, kind, text = child, child, f"_{ordinal}"
            ordinal += 1
        if end is not None and kind is not None and file.plain(kind) == end[0]:
            yield RustMember(text, end[1].rpartition("::")[2], "[]", name or child)
        elif kind is not None and text and (member := _member(file, text, kind, name or child)) is not None:
            yield member


def array_at_end(file: RustFile, node: tree_sitter.Node) -> tuple[str, str] | None:
    """Return the type parameter that stands for a flexible array, and the type of the array's elements."""
    parameters = node.child_by_field_name("type_parameters")
    match = _END.match(file.plain(parameters)) if parameters is not None else None
    return (match.group(1), match.group(2)) if match else None


def _member(file: RustFile, name: str, kind: tree_sitter.Node, place: tree_sitter.Node) -> RustMember | None:
    """Return a member; None for a marker of alignment or of a type, which C has no word for."""
    dimensions = ""
    for _ in range(_DEEPEST):
        if kind.type == "array_type":
            length = kind.child_by_field_name("length")
            match = _LENGTH.match(file.plain(length).strip()) if length is not None else None
            dimensions += f"[{match.group(1) if match else _expression(file, length)}]"
            kind = kind.child_by_field_name("element") or kind
            continue
        if kind.type == "generic_type":
            outer, arguments = kind.child_by_field_name("type"), kind.child_by_field_name("type_arguments")
            held = next(iter(arguments.named_children), None) if arguments is not None else None
            word = _last(file, outer)
            if word == _BITS and held is not None:
                size = _LENGTH.match(file.plain(held.child_by_field_name("length") or held))
                return RustMember(name, "", "", place, int(size.group(1)) if size else 0)
            if word == "Option":  # of a pointer, as C has it
                return RustMember(name, "void *", dimensions, place)
            if held is None or word not in {_FLEXIBLE, _EITHER, "ManuallyDrop"}:
                return None if word == "PhantomData" else RustMember(name, file.plain(kind), dimensions, place)
            dimensions += "[]" if word == _FLEXIBLE else ""
            kind = held
            continue
        break
    if name.startswith("_bitfield_align_"):
        return None
    name = name.removeprefix("__bindgen_") if name.startswith("__bindgen_padding_") else name
    if kind.type in {"pointer_type", "reference_type", "function_type"}:
        return RustMember(name, "void *", dimensions, place)
    return RustMember(name, _last(file, kind), dimensions, place)


def _expression(file: RustFile, length: tree_sitter.Node | None) -> str:
    text = file.plain(length) if length is not None else ""
    return re.sub(r"(?<=[0-9])usize|\s+as\s+\w+", "", text)


def _last(file: RustFile, node: tree_sitter.Node | None) -> str:
    return file.plain(node).rpartition("::")[2].strip() if node is not None else ""
