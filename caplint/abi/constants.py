"""Constant expressions in declarations: array lengths, widths, enumerators, sizeof."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from pycparser import c_ast

from caplint.abi.abis import Abi
from caplint.link.integers import UnknownValueError, Value
from caplint.values.evaluator import IntegerType, evaluate
from caplint.values.parser import parse_expression

if TYPE_CHECKING:
    from caplint.abi.layout import Type

_SIGNED_WORDS = {"__s8", "__s16", "__s32", "__s64", "signed char", "short", "int", "long", "long long", "signed"}


class Constants:
    """Evaluates expressions with the enumerators and types that have been declared so far."""

    def __init__(self, abi: Abi, type_of: Callable[[c_ast.Node], Type]) -> None:
        self._abi = abi
        self._type_of = type_of
        self._enumerators: dict[str, Value] = {}

    def value(self, node: c_ast.Node) -> int:
        """An expression's value. Raises `UnknownValueError`."""
        return evaluate(node, self).value

    def text(self, text: str) -> int:
        """The value of an expression that is given as text. Raises `UnknownValueError`."""
        return self.value(parse_expression(text))

    def enumerate(self, enumerators: Iterable[c_ast.Enumerator]) -> list[int]:
        """Take in an enumeration's names. Raises `UnknownValueError`."""
        values: list[int] = []
        for entry in enumerators:
            value = self.value(entry.value) if entry.value is not None else (values[-1] + 1 if values else 0)
            values.append(value)
            bits = 32 if -(1 << 31) <= value < 1 << 31 else 64
            self._enumerators[entry.name] = Value(value, bits, unsigned=False)
        return values

    @property
    def long_bits(self) -> int:
        """See `Scope`."""
        return self._abi.bits

    def name(self, name: str) -> Value:
        """See `Scope`: the value of an enumerator."""
        if name in self._enumerators:
            return self._enumerators[name]
        raise UnknownValueError(f"{name} is not known")

    def size(self, node: c_ast.Node) -> int:
        """See `Scope`."""
        return self._type_of(node).size

    def alignment(self, node: c_ast.Node) -> int:
        """See `Scope`."""
        return self._type_of(node).alignment

    def integer_type(self, node: c_ast.Node) -> IntegerType:
        """See `Scope`."""
        found = self._type_of(node)
        if found.members or found.size not in {1, 2, 4, 8}:
            raise UnknownValueError(f"a cast to {found.text}")
        signed = found.text in _SIGNED_WORDS
        if not signed and "unsigned" not in found.text and not found.text.startswith("__u"):
            raise UnknownValueError(f"whether {found.text} is signed is not known")
        return IntegerType(8 * found.size, not signed)
