"""Names by which a C file is found before it is parsed: a search, and no understanding."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caplint.facts.store.records import NameIndex

# What is called. What stands in comments too costs a look at a file and nothing else.
_CALLED = re.compile(rb"\b\w++\s?\(")
_FIELD = re.compile(rb"(?:->|\.)(\w++)(?:\[[^\]\n]*\])?\)?\s?\(")
# What may be a function that is handed on or kept.
_HANDED = re.compile(rb"[=,(&?:{]\s*+&?([A-Za-z_]\w++)(?=\s*+[,;)}:])")
_ASSIGNED = re.compile(rb"(?:->|\.)(\w++)\s*=\s*&?[A-Za-z_]\w*+\s*[,;}]")
# What opens or closes the definition of a type, and what else names one.
_TYPES = (
    re.compile(rb"(?:struct|union) (\w++)[^;(){}]*\{"),
    re.compile(rb"\n\}[^;(){}]*?\b(\w++)\s*;"),
    re.compile(rb"\ntypedef\s[^;{}]*?\b(\w++)\s*;"),
)
# A name that stands for another.
_ALIAS = re.compile(rb"^[ \t]*+#[ \t]*+define[ \t]++\w++[ \t]++([A-Za-z_]\w*+)[ \t]*+$", re.MULTILINE)
_EXTERN = re.compile(rb"\nextern\s[^;({]*?\b(\w++)\s*(?:\[[^;]*)?;")
# Invocations in capitals outside functions declare things by names in capitals.
_DECLARING = re.compile(rb"\n[A-Z][A-Z0-9_]+\(([^();{}]*)\)")
# Constants that lead to a function: of an ioctl, or of a remote procedure as rpcgen names them.
_LEADS_ON = re.compile(rb"KVM_(?!CAP_)|[A-Z]+_PROC_")
_CAPITALS = re.compile(rb"[A-Z][A-Z0-9_]+")
_KEYWORDS = frozenset(
    b"if for while switch return sizeof do else case typeof __attribute__ defined int char void long short unsigned "
    b"NULL true false".split()
)


def words(source: bytes) -> Iterator[NameIndex]:
    """Names with a mark for what they are.

    `f` called or handed on, `.f` called through, `=f` given a value, `{s` the type is defined, `;v` declared extern,
    `@N` given to a macro outside functions.
    """
    found = {name[:-1].rstrip() for name in _CALLED.findall(source)}
    found |= {
        name
        for name in (*_HANDED.findall(source), *_ALIAS.findall(source))
        if not name.isupper() or _LEADS_ON.match(name)
    }
    found = {name for name in found - _KEYWORDS if not name[:1].isdigit()}
    found |= {b"." + name for name in _FIELD.findall(source)}
    found |= {b"=" + name for name in _ASSIGNED.findall(source)}
    found |= {b"{" + name.lstrip(b"_") for pattern in _TYPES for name in pattern.findall(source)}
    found |= {b";" + name for name in _EXTERN.findall(source)}
    found |= {b"@" + name for text in _DECLARING.findall(source) for name in _CAPITALS.findall(text)}
    yield NameIndex(b" ".join(sorted(found)).decode("utf-8", "replace"))
