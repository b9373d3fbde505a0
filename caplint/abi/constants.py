"""Constant expressions in declarations: array lengths, widths, enumerators, sizeof."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from pycparser import c_ast, c_parser

from caplint.abi.abis import Abi
from caplint.abi.types import Type
from caplint.values.c_integers import UnknownValueError, Value, binary, literal, promoted, truncated, wrapped

_SIGNED_WORDS = {"__s8", "__s16", "__s32", "__s64", "signed char", "short", "int", "long", "long long", "signed"}


class DeclaredConstants:
    """Evaluates expressions with the enumerators and types that have been declared so far."""

    def __init__(self, abi: Abi, type_of: Callable[[c_ast.Node], Type]) -> None:
        self._abi = abi
        self._type_of = type_of
        self._enumerators: dict[str, Value] = {}

    def value(self, node: c_ast.Node) -> int:
        """An expression's value. Raises `UnknownValueError`."""
        return self._evaluate(node).value

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

    def _evaluate(self, node: c_ast.Node) -> Value:  # noqa: C901 - one case per kind of expression
        match node:
            case c_ast.Constant():
                return literal(node.value, self._abi.bits)
            case c_ast.ID():
                if node.name in self._enumerators:
                    return self._enumerators[node.name]
                raise UnknownValueError(f"{node.name} is not known")
            case c_ast.UnaryOp(op="sizeof"):
                return Value(self._type_of(node.expr).size, self._abi.bits, unsigned=True)
            case c_ast.UnaryOp(op="_Alignof"):
                return Value(self._type_of(node.expr).alignment, self._abi.bits, unsigned=True)
            case c_ast.UnaryOp(op="!"):
                return Value(int(not self._evaluate(node.expr).value), 32, unsigned=False)
            case c_ast.UnaryOp(op="-" | "+" | "~"):
                inner = promoted(self._evaluate(node.expr))
                value = {"-": -inner.value, "+": inner.value, "~": ~inner.value}[node.op]
                return wrapped(value, inner.bits, inner.unsigned)
            case c_ast.BinaryOp(op="&&" | "||"):
                left = bool(self._evaluate(node.left).value)
                if left == (node.op == "||"):
                    return Value(int(left), 32, unsigned=False)
                return Value(int(bool(self._evaluate(node.right).value)), 32, unsigned=False)
            case c_ast.BinaryOp():
                return binary(node.op, self._evaluate(node.left), self._evaluate(node.right))
            case c_ast.TernaryOp():
                return self._evaluate(node.iftrue if self._evaluate(node.cond).value else node.iffalse)
            case c_ast.Cast():
                return self._cast(node)
        raise UnknownValueError(f"{type(node).__name__} is no integer expression")

    def _cast(self, node: c_ast.Cast) -> Value:
        found = self._type_of(node.to_type)
        if found.members or found.size not in {1, 2, 4, 8}:
            raise UnknownValueError(f"a cast to {found.text}")
        signed = found.text in _SIGNED_WORDS
        if not signed and "unsigned" not in found.text and not found.text.startswith("__u"):
            raise UnknownValueError(f"whether {found.text} is signed is not known")
        return truncated(self._evaluate(node.expr).value, 8 * found.size, not signed)


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> c_ast.Node:
    """An expression's syntax tree. Raises `UnknownValueError`."""
    if any(character in text for character in "{};#"):
        raise UnknownValueError(f"`{text[:60]}` is no expression")
    words = sorted({word for word in text.replace("(", " ").replace(")", " ").split() if word.startswith("__") and
                    word[2:3] in {"u", "s", "l", "b"} and word[-1].isdigit()})  # fmt: skip
    try:
        tree = c_parser.CParser().parse("".join(f"typedef int {word};" for word in words) + f"int value = ({text});")
    except Exception as error:  # pycparser raises several unrelated types on bad input
        raise UnknownValueError(f"`{text[:60]}` is no expression") from error
    found: c_ast.Node = tree.ext[-1].init
    return found
