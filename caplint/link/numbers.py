"""Values of integer macros, as a C compiler would compute them; what cannot be evaluated is said, never guessed.

Arithmetic is typed (C11 6.3.1, 6.4.4.1, 6.5) and done twice, with `long` of 64 and of 32 bits: a
value that differs between the two has no value here.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from pycparser import c_ast, c_parser

_LITERAL = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)([uUlL]*)\Z")
_PLAIN = re.compile(r"(?:0|[1-9][0-9]{0,8}|0[xX][0-9a-fA-F]{1,7})\Z")
_CHARACTER = re.compile(r"'([\x20-\x7e])'\Z")
_WORD = re.compile(r"\b[A-Za-z_]\w*")
_MAX_DEPTH = 60
_MAX_TEXT = 4000

# Fixed-width and basic types: bits and whether unsigned. `char` is signed on some architectures only
# and left out; `long` is added per ABI.
_TYPES: dict[str, tuple[int, bool]] = {
    "signed char": (8, False), "unsigned char": (8, True), "short": (16, False), "unsigned short": (16, True),
    "int": (32, False), "signed": (32, False), "unsigned": (32, True), "unsigned int": (32, True),
    "long long": (64, False), "long long int": (64, False), "unsigned long long": (64, True),
    "unsigned long long int": (64, True),
}  # fmt: skip
for _bits in (8, 16, 32, 64):
    _TYPES |= dict.fromkeys(
        (f"u{_bits}", f"__u{_bits}", f"uint{_bits}_t", f"__le{_bits}", f"__be{_bits}"), (_bits, True)
    )
    _TYPES |= dict.fromkeys((f"s{_bits}", f"__s{_bits}", f"int{_bits}_t"), (_bits, False))
_TYPEDEFS = "".join(f"typedef int {name};" for name in _TYPES if name[-1].isdigit() or name.endswith("_t"))

_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "&": operator.and_, "|": operator.or_, "^": operator.xor,
}  # fmt: skip
_COMPARISON: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip


class UnknownValueError(Exception):
    """The value cannot be computed; the message says why."""


class _Value(NamedTuple):
    """A typed integer."""

    value: int
    bits: int
    unsigned: bool


@dataclass(frozen=True, slots=True)
class Definition:
    """A macro: its parameters (None for an object-like one) and body."""

    parameters: tuple[str, ...] | None
    body: str

    @staticmethod
    def of(parameters: str | None, body: str) -> Definition:
        """From the columns of the `macro` table."""
        return Definition(tuple(json.loads(parameters)) if parameters is not None else None, body)


class Numbers:
    """Evaluates macro bodies in the light of other macros."""

    def __init__(self, macros: Mapping[str, Definition]) -> None:
        self._macros = macros
        self._abis = [_Abi(macros, long_bits) for long_bits in (64, 32)]
        self._known: dict[str, int | UnknownValueError] = {}

    def of(self, body: str) -> int:
        """The value of a macro's body. Raises `UnknownValueError`."""
        bare = body.strip()
        if _PLAIN.match(bare):  # most are plain numbers
            return int(bare, 16 if bare[:2] in {"0x", "0X"} else 10)
        if body not in self._known:
            self._known[body] = self._compute(body)
        known = self._known[body]
        if isinstance(known, UnknownValueError):
            raise known
        return known

    def _compute(self, body: str) -> int | UnknownValueError:
        try:
            text = _expanded(body, self._macros, 0)
            values = [abi.evaluate(_parse(text), 0).value for abi in self._abis]
        except UnknownValueError as error:
            return error
        except (RecursionError, ArithmeticError, ValueError, MemoryError) as error:
            return UnknownValueError(f"{type(error).__name__} in `{body[:60]}`")
        if values[0] != values[1]:
            return UnknownValueError(f"`{body[:60]}` depends on the width of long")
        return values[0]


class _Abi:
    """Evaluation with one width of `long`."""

    def __init__(self, macros: Mapping[str, Definition], long_bits: int) -> None:
        self._macros = macros
        self._long_bits = long_bits
        self._names: dict[str, _Value] = {}
        long = {"long": (long_bits, False), "long int": (long_bits, False)}
        self._types = _TYPES | long | {f"unsigned {name}": (bits, True) for name, (bits, _) in long.items()}

    def evaluate(self, node: c_ast.Node, depth: int) -> _Value:  # noqa: C901 - one case per kind of expression
        match node:
            case c_ast.Constant():
                return self._constant(node.value)
            case c_ast.ID():
                return self._name(node.name, depth)
            case c_ast.UnaryOp(op="sizeof"):
                return _Value(self._type(node.expr)[0] // 8, self._long_bits, True)
            case c_ast.UnaryOp(op="!"):
                return _Value(int(not self.evaluate(node.expr, depth).value), 32, False)
            case c_ast.UnaryOp(op="-" | "+" | "~"):
                inner = _promoted(self.evaluate(node.expr, depth))
                value = {"-": -inner.value, "+": inner.value, "~": ~inner.value}[node.op]
                return _wrapped(value, inner.bits, inner.unsigned)
            case c_ast.BinaryOp(op="&&" | "||"):
                left = bool(self.evaluate(node.left, depth).value)
                if left == (node.op == "||"):
                    return _Value(int(left), 32, False)
                return _Value(int(bool(self.evaluate(node.right, depth).value)), 32, False)
            case c_ast.BinaryOp():
                return _binary(node.op, self.evaluate(node.left, depth), self.evaluate(node.right, depth))
            case c_ast.TernaryOp():
                chosen = bool(self.evaluate(node.cond, depth).value)
                return self._chosen(*((node.iftrue, node.iffalse) if chosen else (node.iffalse, node.iftrue)), depth)
            case c_ast.Cast():
                return _truncated(self.evaluate(node.expr, depth).value, *self._type(node.to_type))
            case c_ast.FuncCall(name=c_ast.ID()):
                raise UnknownValueError(f"{node.name.name}() is not defined in these headers")
        raise UnknownValueError(f"{type(node).__name__} is no integer expression")

    def _chosen(self, taken: c_ast.Node, other: c_ast.Node, depth: int) -> _Value:
        """The branch of `?:` that is taken, in the type of both where the other one has a value."""
        value = _promoted(self.evaluate(taken, depth))
        try:
            bits, unsigned = _common(value, _promoted(self.evaluate(other, depth)))
        except UnknownValueError:
            return value
        return _truncated(value.value, bits, unsigned)

    def _constant(self, text: str) -> _Value:
        if character := _CHARACTER.match(text):
            return _Value(ord(character.group(1)), 32, False)
        literal = _LITERAL.match(text)
        if literal is None:
            raise UnknownValueError(f"`{text[:40]}` is no integer")
        digits, suffix = literal.groups()
        value, decimal = _integer(digits)
        suffix = suffix.lower()
        widths = [64] if "ll" in suffix else [self._long_bits, 64] if "l" in suffix else [32, 64]
        for bits in widths:
            if "u" not in suffix and value < 1 << (bits - 1):
                return _Value(value, bits, False)
            if ("u" in suffix or not decimal) and value < 1 << bits:
                return _Value(value, bits, True)
        raise UnknownValueError(f"`{text[:40]}` is too large")

    def _name(self, name: str, depth: int) -> _Value:
        if name not in self._names:
            definition = self._macros.get(name)
            if definition is None or definition.parameters is not None:
                raise UnknownValueError(f"{name} is not defined in these headers")
            if depth > _MAX_DEPTH:
                raise UnknownValueError("macros nest too deeply")
            body = _expanded(definition.body, self._macros, 0)
            self._names[name] = self.evaluate(_parse(body), depth + 1)
        return self._names[name]

    def _type(self, node: c_ast.Node) -> tuple[int, bool]:
        inner = node.type if isinstance(node, c_ast.Typename) else node
        if isinstance(inner, c_ast.TypeDecl) and isinstance(inner.type, c_ast.IdentifierType):
            name = " ".join(inner.type.names)
            if name in self._types:
                return self._types[name]
            raise UnknownValueError(f"the size of {name} differs between ABIs or is not known here")
        raise UnknownValueError("the size of its type differs between ABIs or is not known here")


def _promoted(value: _Value) -> _Value:
    return value if value.bits >= 32 else _Value(value.value, 32, False)


def _common(left: _Value, right: _Value) -> tuple[int, bool]:
    """The usual arithmetic conversions, for types of at least 32 bits."""
    if left.bits == right.bits:
        return left.bits, left.unsigned or right.unsigned
    wider = max(left, right, key=lambda value: value.bits)
    return wider.bits, wider.unsigned


def _binary(symbol: str, left: _Value, right: _Value) -> _Value:
    left, right = _promoted(left), _promoted(right)
    if symbol in {"<<", ">>"}:
        if not 0 <= right.value < left.bits:
            raise UnknownValueError(f"shift by {right.value}")
        shifted = left.value << right.value if symbol == "<<" else left.value >> right.value
        return _wrapped(shifted, left.bits, left.unsigned)
    bits, unsigned = _common(left, right)
    a, b = (_truncated(side.value, bits, unsigned).value for side in (left, right))
    if symbol in _COMPARISON:
        return _Value(int(_COMPARISON[symbol](a, b)), 32, False)
    if symbol in _ARITHMETIC:
        return _wrapped(_ARITHMETIC[symbol](a, b), bits, unsigned)
    if symbol in {"/", "%"}:
        if b == 0:
            raise UnknownValueError("division by zero")
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return _wrapped(quotient if symbol == "/" else a - quotient * b, bits, unsigned)
    raise UnknownValueError(f"{symbol} is no operator of a constant expression")


def _wrapped(value: int, bits: int, unsigned: bool) -> _Value:
    """The result of an operation: unsigned arithmetic wraps, signed overflow has no value."""
    if not unsigned and not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
        raise UnknownValueError("signed overflow")
    return _truncated(value, bits, unsigned)


def _truncated(value: int, bits: int, unsigned: bool) -> _Value:
    """The value converted to a type."""
    value &= (1 << bits) - 1
    if not unsigned and value >> (bits - 1):
        value -= 1 << bits
    return _Value(value, bits, unsigned)


def _integer(digits: str) -> tuple[int, bool]:
    """A literal's value, and whether it is decimal; a leading zero means octal."""
    base = {"0x": 16, "0X": 16, "0b": 2, "0B": 2}.get(digits[:2])
    try:
        if base:
            return int(digits[2:], base), False
        octal = len(digits) > 1 and digits[0] == "0"
        return int(digits, 8 if octal else 10), not octal
    except ValueError as error:
        raise UnknownValueError(f"`{digits[:40]}` is no integer") from error


def _expanded(body: str, macros: Mapping[str, Definition], depth: int) -> str:
    """The text with function-like macros of these headers expanded, arguments put in as they are written."""
    for match in _WORD.finditer(body):
        definition = macros.get(match.group())
        opening = match.end() + len(body[match.end() :]) - len(body[match.end() :].lstrip())
        if definition is None or definition.parameters is None or body[opening : opening + 1] != "(":
            continue
        if depth > _MAX_DEPTH or len(body) > _MAX_TEXT:
            raise UnknownValueError("macros nest too deeply")
        arguments, end = _arguments(body, opening)
        if not definition.parameters and arguments == [""]:
            arguments = []
        if len(arguments) != len(definition.parameters):
            raise UnknownValueError(f"{match.group()}() takes {len(definition.parameters)} arguments")
        inner = _substituted(definition.body, dict(zip(definition.parameters, arguments, strict=True)))
        return _expanded(f"{body[: match.start()]}{inner}{body[end:]}", macros, depth + 1)
    return body


def _substituted(body: str, arguments: Mapping[str, str]) -> str:
    return _WORD.sub(lambda word: arguments.get(word.group(), word.group()), body)


def _arguments(text: str, opening: int) -> tuple[list[str], int]:
    """The arguments between the parenthesis at `opening` and its partner, and the offset behind that."""
    arguments, depth, start = [], 0, opening + 1
    for position in range(opening, len(text)):
        character = text[position]
        depth += (character == "(") - (character == ")")
        if (character == "," and depth == 1) or depth == 0:
            arguments.append(text[start:position].strip())
            start = position + 1
        if depth == 0:
            return arguments, position + 1
    raise UnknownValueError("unbalanced parentheses")


@cache
def _parser() -> c_parser.CParser:
    return c_parser.CParser()


@cache
def _parse(body: str) -> c_ast.Node:
    if not body.strip():
        raise UnknownValueError("its body is empty")
    # What would end our own expression early is refused before it can.
    if len(body) > _MAX_TEXT or re.search(r"[{};#]", body) or not _balanced(body):
        raise UnknownValueError(f"`{body[:60]}` is no expression")
    try:
        tree = _parser().parse(f"{_TYPEDEFS}int value = ({body});")
    except Exception as error:  # pycparser raises several unrelated types on bad input
        raise UnknownValueError(f"`{body[:60]}` is no expression") from error
    declared: c_ast.Node = tree.ext[-1].init
    return declared


def _balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0
