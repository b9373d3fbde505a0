"""Names as C writes them: paths, types, and the names that `use` brings into a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter

from caplint.rust.syntax import RustFile
from caplint.rust.words import words

_WORD = re.compile(r"[A-Za-z_]\w*")
_MOST_USES = 5000
# Begins the entry of `use path::Type::*` while the names are collected.
_EVERY = "*"
_VARIANT = re.compile(rb"(?<![\w:.])[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*\b(?!\s*(?:::|!|<))")
_DECLARED = re.compile(rb"\b(?:struct|enum|union|trait|type|fn|mod)\s+(\w+)")
# Names that are in view everywhere, and the type itself.
_PRELUDE = frozenset({"None", "Some", "Ok", "Err", "Self"})
_KEYWORDS = (
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while asm typeof"
)
KEYWORDS = frozenset(_KEYWORDS.split())
"""Words that are no names in C."""
_NUMBERS = {
    "u8": "__u8", "u16": "__u16", "u32": "__u32", "u64": "__u64", "i8": "__s8", "i16": "__s16", "i32": "__s32",
    "i64": "__s64", "usize": "unsigned long", "isize": "long", "bool": "bool", "c_int": "int", "c_uint": "unsigned int",
    "c_ulong": "unsigned long", "c_long": "long", "c_char": "char", "c_uchar": "unsigned char", "c_void": "void",
    "c_ushort": "unsigned short", "c_short": "short", "c_ulonglong": "unsigned long long", "c_longlong": "long long",
    "__u8": "__u8", "__u16": "__u16", "__u32": "__u32", "__u64": "__u64", "__s8": "__s8", "__s16": "__s16",
    "__s32": "__s32", "__s64": "__s64",
}  # fmt: skip


def safe(name: str) -> str:
    """Return a name that C accepts."""
    bare = name.removeprefix("r#")
    return f"{bare}_" if bare in KEYWORDS else bare


def last_words(path: str) -> list[str]:
    """Return the segments of a path, without generic arguments."""
    return _WORD.findall(re.sub(r"<[^<>]*>", "", path))


def joined(segments: list[str], own_type: str) -> str:
    """Return a path as one name: its last segment, with that of a type before it."""
    kept = [own_type if entry == "Self" and own_type else entry for entry in segments[-2:]]
    if len(kept) == 2 and kept[0][:1].isupper() and not kept[0].isupper():
        return f"{kept[0]}__{safe(kept[1])}"
    return safe(kept[-1]) if kept else "unknown"


def type_name(file: RustFile, node: tree_sitter.Node | None) -> str:
    """Return the type that a type holds, owns or refers to: `KvmVm` of `&Arc<Mutex<KvmVm>>`; '' for others."""
    for _ in range(8):
        if node is None:
            return ""
        kind = node.type
        if kind in {"reference_type", "pointer_type", "array_type", "slice_type"}:
            node = node.child_by_field_name("type") or node.child_by_field_name("element")
        elif kind == "generic_type":
            outer = node.child_by_field_name("type")
            name = "" if outer is None else last_words(file.plain(outer))[-1]
            arguments = node.child_by_field_name("type_arguments")
            if name not in words().holders or arguments is None:
                return name
            node = next((child for child in arguments.named_children if child.type != "lifetime"), None)
        elif kind in {"type_identifier", "scoped_type_identifier"}:
            return (last_words(file.plain(node)) or [""])[-1]
        else:
            return ""
    return ""


def c_type(file: RustFile, node: tree_sitter.Node | None) -> str:
    """Return a type that C accepts, without the dimensions of arrays."""
    if node is None:
        return "int"
    if node.type == "primitive_type":
        return _NUMBERS.get(file.plain(node), "int")
    if node.type in {"reference_type", "pointer_type"}:
        inner = node.child_by_field_name("type")
        return c_type(file, inner).rstrip("* ") + " *"
    if node.type == "array_type":
        return c_type(file, node.child_by_field_name("element"))
    name = type_name(file, node)
    return _NUMBERS.get(name) or (f"struct {safe(name)}" if name else "int")


def imports(file: RustFile, root: tree_sitter.Node) -> dict[str, list[str]]:
    """Return the names that `use` declarations bring in, with their paths.

    `use path::Type::*` brings in variants of a type that another file declares: each word in the shape of one that is
    declared nowhere here, unless there are several such types.
    """
    found: dict[str, list[str]] = {}
    pending = [root]
    while pending and len(found) < _MOST_USES:
        node = pending.pop()
        for child in node.named_children:
            if child.type == "use_declaration" and (argument := child.child_by_field_name("argument")) is not None:
                found.update(_used(file, argument, []))
            elif child.type in {"mod_item", "function_item", "declaration_list", "block"}:
                pending.append(child.child_by_field_name("body") or child)
    owners = {tuple(path) for name, path in found.items() if name.startswith(_EVERY)}
    found = {name: path for name, path in found.items() if not name.startswith(_EVERY)}
    if len(owners) == 1:
        owner = list(owners.pop())
        declared = {match.decode() for match in _DECLARED.findall(file.source)}
        for name in {match.decode() for match in _VARIANT.findall(file.source)} - declared - _PRELUDE:
            found.setdefault(name, [*owner, name])
    return found


def _is_type(name: str) -> bool:
    return name[:1].isupper() and not name.isupper()


def _every(file: RustFile, node: tree_sitter.Node, before: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the type of `use path::Type::*`, under a name that nothing else has."""
    path = [*before, *(word for child in node.named_children for word in last_words(file.plain(child)))]
    if path and _is_type(path[-1]):
        yield f"{_EVERY}{'::'.join(path)}", path


def _used(file: RustFile, node: tree_sitter.Node, before: list[str]) -> Iterator[tuple[str, list[str]]]:
    match node.type:
        case "scoped_use_list":
            path = node.child_by_field_name("path")
            inner = [*before, *(last_words(file.plain(path)) if path is not None else [])]
            listed = node.child_by_field_name("list")
            for child in listed.named_children if listed is not None else ():
                yield from _used(file, child, inner)
        case "use_list":
            for child in node.named_children:
                yield from _used(file, child, before)
        case "use_as_clause":
            path, alias = node.child_by_field_name("path"), node.child_by_field_name("alias")
            if path is not None and alias is not None:
                yield file.plain(alias), [*before, *last_words(file.plain(path))]
        case "use_wildcard":
            yield from _every(file, node, before)
        case "identifier" | "scoped_identifier":
            path_words = [*before, *last_words(file.plain(node))]
            if path_words:
                yield path_words[-1], path_words
