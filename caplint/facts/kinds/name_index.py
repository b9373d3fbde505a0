"""Inverted index of a C file's names, which selects files before they are parsed; a plain text search."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caplint.facts.store.records import NameIndex

# Called names. Matches inside comments are harmless: they only cause an extra file to be parsed.
_CALLED = re.compile(rb"\b(\w++)\s?\(")
_FIELD = re.compile(rb"(?:->|\.)(\w++)(?:\[[^\]\n]*\])?\)?\s?\(")
# Names that may be functions passed on or stored.
_HANDED = re.compile(rb"[=,(&?:{]\s*+&?([A-Za-z_]\w++)(?=\s*+[,;)}:])")
_ASSIGNED = re.compile(rb"(?:->|\.)(\w++)\s*=\s*&?[A-Za-z_]\w*+\s*[,;}]")
# Beginning of type definitions; two patterns, because the search for one word in front is ten times as fast.
_RECORDS = (re.compile(rb"struct (\w++)[^;(){}]*\{"), re.compile(rb"union (\w++)[^;(){}]*\{"))
# End of type definitions, and other typedefs.
_TYPES = (
    re.compile(rb"\n\}[^;(){}]*?\b(\w++)\s*;"),
    re.compile(rb"\ntypedef\s[^;{}]*?\b(\w++)\s*;"),
)
# A macro that is an alias of another name.
_ALIAS = re.compile(rb"\n[ \t]*+#[ \t]*+define[ \t]++\w++[ \t]++([A-Za-z_]\w*+)[ \t]*+(?![^\n])")
_EXTERN = re.compile(rb"\nextern\s[^;({]*?\b(\w++)\s*(?:\[[^;]*)?;")
# Invocations in capitals outside functions; their arguments in capitals name declarations.
_DECLARING = re.compile(rb"\n[A-Z][A-Z0-9_]+\(([^();{}]*)\)")
# Constants that lead to a function: an ioctl's, or a remote procedure's in rpcgen's naming.
_LEADS_ON = re.compile(rb"KVM_(?!CAP_)|[A-Z]+_PROC_")
_CAPITALS = re.compile(rb"[A-Z][A-Z0-9_]+")
_KEYWORDS = frozenset(
    b"if for while switch return sizeof do else case typeof __attribute__ defined int char void long short unsigned "
    b"NULL true false".split()
)


def name_index(source: bytes) -> Iterator[NameIndex]:
    """Yield the index of one file: its names, each with a mark for its role.

    `f` called or passed on, `.f` member that is called, `=f` member that is assigned, `{s` type defined, `;v` declared
    extern, `@N` argument of a macro outside functions.
    """
    marked = set(_CALLED.findall(source))
    marked |= {
        name
        for name in (*_HANDED.findall(source), *_ALIAS.findall(b"\n" + source))
        if not name.isupper() or _LEADS_ON.match(name)
    }
    marked = {name for name in marked - _KEYWORDS if not name[:1].isdigit()}
    marked |= {b"." + name for name in _FIELD.findall(source)}
    marked |= {b"=" + name for name in _ASSIGNED.findall(source)}
    marked |= {b"{" + name.lstrip(b"_") for pattern in _TYPES for name in pattern.findall(source)}
    marked |= {b"{" + name.lstrip(b"_") for name in _records(source)}
    marked |= {b";" + name for name in _EXTERN.findall(source)}
    marked |= {b"@" + name for text in _DECLARING.findall(source) for name in _CAPITALS.findall(text)}
    yield NameIndex(b" ".join(sorted(marked)).decode("utf-8", "replace"))


def _records(source: bytes) -> Iterator[bytes]:
    """Yield the names of structures and unions that are defined, of overlapping definitions the first."""
    reached = 0
    for match in sorted((match for pattern in _RECORDS for match in pattern.finditer(source)), key=re.Match.start):
        if match.start() >= reached:
            reached = match.end()
            yield match[1]
