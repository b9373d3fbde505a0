"""Parses the text of one C expression; nothing in the text can declare anything or end the expression early."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from caplint.link.expansion import MAX_TEXT
from caplint.link.integers import UnknownValueError
from caplint.link.plain_expression import plain_expression
from caplint.values.evaluator import IntegerType
from caplint.values.expression_text import balanced

if TYPE_CHECKING:
    from pycparser import c_ast, c_parser

# `char` is signed on some architectures only and left out; so is `long`, whose width depends on the ABI.
FIXED_TYPES: dict[str, IntegerType] = {
    name: IntegerType(bits, unsigned)
    for name, bits, unsigned in (
        ("signed char", 8, False), ("unsigned char", 8, True), ("short", 16, False), ("unsigned short", 16, True),
        ("int", 32, False), ("signed", 32, False), ("unsigned", 32, True), ("unsigned int", 32, True),
        ("long long", 64, False), ("long long int", 64, False), ("unsigned long long", 64, True),
        ("unsigned long long int", 64, True),
    )
}  # fmt: skip
"""Types whose width is the same in every ABI, by name."""
for _bits in (8, 16, 32, 64):
    FIXED_TYPES |= dict.fromkeys(
        (f"u{_bits}", f"__u{_bits}", f"uint{_bits}_t", f"__le{_bits}", f"__be{_bits}"), IntegerType(_bits, True)
    )
    FIXED_TYPES |= dict.fromkeys((f"s{_bits}", f"__s{_bits}", f"int{_bits}_t"), IntegerType(_bits, False))
_TYPEDEF_NAMES = [name for name in FIXED_TYPES if name[-1].isdigit() or name.endswith("_t")]
_TYPE_NAMES = frozenset(_TYPEDEF_NAMES)
_TYPEDEFS = "".join(f"typedef int {name};" for name in _TYPEDEF_NAMES)


@lru_cache(maxsize=16384)
def parse_expression(text: str) -> c_ast.Node:
    """Return the syntax tree of an expression, in which the names of `FIXED_TYPES` are types.

    Raises `UnknownValueError` where the text is empty, longer than `MAX_TEXT`, or no expression.
    """
    if not text.strip():
        raise UnknownValueError("its body is empty")
    if len(text) > MAX_TEXT or re.search(r"[{};#]", text) or not balanced(text):
        raise UnknownValueError(f"`{text[:60]}` is no expression")
    if (plain := plain_expression(text, _TYPE_NAMES)) is not None:
        return plain
    try:
        typedefs = _TYPEDEFS if any(name in text for name in _TYPEDEF_NAMES) else ""
        tree = _parser().parse(f"{typedefs}int value = ({text});")
    except Exception as error:  # pycparser raises several unrelated types on bad input
        raise UnknownValueError(f"`{text[:60]}` is no expression") from error
    declared: c_ast.Node = tree.ext[-1].init
    return declared


@cache
def _parser() -> c_parser.CParser:
    from pycparser import c_parser  # noqa: PLC0415 - only what is not plain needs it

    return c_parser.CParser()
