"""Constants, and the sets of bits that masks select, in the conditions of one function."""

from __future__ import annotations

import re
from dataclasses import dataclass

from caplint.link.functions.body import Body
from caplint.link.functions.callees import Helpers
from caplint.link.functions.constants import Constants
from caplint.link.handlers.macro_text import expanded
from caplint.link.handlers.value_tests import Bits, combined, operands
from caplint.values.expression_tree import Node, text_of, tree_of

_ERRNO = re.compile(r"E[A-Z][A-Z0-9]+\Z")
_WORDS = {"NULL": 0, "false": 0, "true": 1}
# A number with its highest bit set and at least this many bits is the complement of a set of valid bits.
_BIT_COUNT = 16
# Maximum number of variables, helpers and macros between a mask and its constants, and of values of one variable.
_DEPTH = 4
_MOST_VALUES = 8


@dataclass(frozen=True)
class MaskReader:
    """Reader of constants and masks in a function's body."""

    helpers: Helpers
    constants: Constants
    body: Body
    is_helper: bool
    """Whether the function is a helper, so that its local variables mean nothing to the handler."""

    def number(self, node: Node) -> int | None:
        """Return the value of a constant, 1 for an errno, None for any other expression."""
        match node.kind:
            case "cast":
                return self.number(node.parts[0])
            case "unary" if node.text == "-":
                inner = self.number(node.parts[0])
                return None if inner is None else -inner
            case "name" if _ERRNO.match(node.text):
                return 1
            case "name" if node.text in _WORDS:
                return _WORDS[node.text]
            case "number" | "name" if node.kind == "number" or node.text.isupper():
                handler = self.body.handler
                return self.constants.value(handler.arch, handler.path, node.text)
        return None

    def bits(self, node: Node, offset: int, depth: int = _DEPTH) -> Bits:
        """Return the set of bits that a mask selects at an offset."""
        if not depth:
            return Bits(None)
        match node.kind:
            case "cast":
                return self.bits(node.parts[0], offset, depth)
            case "unary" if node.text == "~":
                return Bits(True, self._valid(node.parts[0]))
            case "binary" if node.text == "|":
                parts = [self.bits(part, offset, depth) for part in operands(node, "|")]
                return next((part for part in parts if part.unknown), combined(parts))
            case "ternary":
                return combined(self.bits(part, offset, depth) for part in node.parts[1:])
            case "name" if values := self._values(node.text, offset):
                return combined(self.bits(tree_of(text), at, depth - 1) for at, text in values)
            case "call":
                return self._bits_of_call(node, offset, depth - 1)
        return self._bits_of_constant(node)

    def _values(self, name: str, offset: int) -> list[tuple[int, str]]:
        """Return what is assigned to a variable before an offset, with the offsets of the assignments."""
        stores = [row for row in self.body.assigned.get(name, []) if row.operator in {"=", "init"}]
        return [(row.start, row.text) for row in stores if row.start < offset and row.text != name][-_MOST_VALUES:]

    def _bits_of_constant(self, node: Node) -> Bits:
        handler = self.body.handler
        value = self.constants.value(handler.arch, handler.path, text_of(node))
        if value is None:
            return Bits(None)
        unknown = value < 0 or (bool(value >> 31 & 1 or value >> 63) and value.bit_count() >= _BIT_COUNT)
        return Bits(unknown, f"~({text_of(node)})" if unknown else "")

    def _bits_of_call(self, node: Node, offset: int, depth: int) -> Bits:
        callee, arch = text_of(node.parts[0]), self.body.handler.arch
        bodies = [] if self.is_helper else self.helpers.functions(callee, arch)
        if bodies:
            readers = [MaskReader(self.helpers, self.constants, body, is_helper=True) for body in bodies]
            returned = ((reader, row) for reader in readers for row in reader.body.returns)
            return combined(reader.bits(tree_of(row.text), row.start, depth) for reader, row in returned)
        texts = [expanded(macro, node.parts[1:]) for macro in self.helpers.macros(callee, arch)]
        return combined(self.bits(tree_of(text), offset, depth) for text in texts if text)

    def _valid(self, node: Node) -> str:
        """Return the text of a set of bits; in a helper, with the values of its local variables in their place."""
        if node.kind == "name" and self.is_helper and (stores := self.body.assigned.get(node.text)):
            return " | ".join(dict.fromkeys(row.text for row in stores))
        if node.kind == "call" and node.parts[0].kind == "name":
            callee, arch = node.parts[0].text, self.body.handler.arch
            if bodies := self.helpers.functions(callee, arch):
                return " | ".join(dict.fromkeys(row.text for body in bodies for row in body.returns))
            macros = self.helpers.macros(callee, arch)
            if len(macros) == 1:
                return expanded(macros[0], node.parts[1:]) or text_of(node)
        return text_of(node)
