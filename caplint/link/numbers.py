"""Values of integer macros, as a C compiler would compute them; what cannot be evaluated is said, never guessed."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from pycparser import c_ast, c_parser

_LITERAL = re.compile(r"\(*\s*(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*\s*\)*\Z")
_INTEGER = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)[uUlL]*\Z")
_UNSIGNED = re.compile(r"[0-9a-fA-F][lL]*[uU]")
_CHARACTER = re.compile(r"'([^'\\])'\Z")
_MAX_DEPTH = 60

# The sizes in bytes that every ABI of KVM agrees on; `long` and pointers differ and are left out.
_SIZES = {
    "char": 1, "signed char": 1, "unsigned char": 1, "short": 2, "unsigned short": 2, "int": 4, "unsigned": 4,
    "unsigned int": 4, "signed": 4, "long long": 8, "unsigned long long": 8, "long long int": 8,
    "unsigned long long int": 8,
} | {
    f"{prefix}{size}": int(size) // 8
    for size in ("8", "16", "32", "64")
    for prefix in ("u", "s", "__u", "__s", "__le", "__be")
} | {f"{sign}int{size}_t": int(size) // 8 for size in ("8", "16", "32", "64") for sign in ("", "u")}  # fmt: skip
_SIGNED = re.compile(r"(?:__)?s\d+\Z|int\d+_t\Z|(?:signed|char|short|int|long)\b")

_BINARY: dict[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "<<": operator.lshift, ">>": operator.rshift,
    "&": operator.and_, "|": operator.or_, "^": operator.xor, "==": operator.eq, "!=": operator.ne,
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
    "&&": lambda left, right: int(bool(left) and bool(right)),
    "||": lambda left, right: int(bool(left) or bool(right)),
}  # fmt: skip
_UNARY: dict[str, Callable[[int], int]] = {
    "-": operator.neg, "+": operator.pos, "~": operator.invert, "!": lambda value: int(not value),
}  # fmt: skip


class UnknownValueError(Exception):
    """The value cannot be computed; the message says why."""


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
        self._known: dict[str, int | UnknownValueError] = {}

    def of(self, body: str) -> int:
        """The value of a macro's body. Raises `UnknownValueError`."""
        if literal := _LITERAL.match(body):  # most are plain numbers
            digits = literal.group(1)
            return _integer(digits)
        if body not in self._known:
            try:
                value = self._evaluate(_parse(body), {}, 0)
                if value < 0 and _UNSIGNED.search(body):
                    raise UnknownValueError("unsigned arithmetic, whose width is not followed")
                self._known[body] = value
            except UnknownValueError as error:
                self._known[body] = error
            except (RecursionError, ArithmeticError, ValueError, MemoryError) as error:
                self._known[body] = UnknownValueError(f"{type(error).__name__} in `{body[:60]}`")
        known = self._known[body]
        if isinstance(known, UnknownValueError):
            raise known
        return known

    def _evaluate(self, node: c_ast.Node, bound: Mapping[str, int], depth: int) -> int:
        if depth > _MAX_DEPTH:
            raise UnknownValueError("macros nest too deeply")
        match node:
            case c_ast.Constant():
                return _constant(node.value)
            case c_ast.ID():
                return self._name(node.name, bound, depth)
            case c_ast.UnaryOp(op="sizeof"):
                return _size(node.expr)
            case c_ast.UnaryOp() if node.op in _UNARY:
                return _UNARY[node.op](self._evaluate(node.expr, bound, depth + 1))
            case c_ast.BinaryOp():
                return self._binary(node, bound, depth)
            case c_ast.TernaryOp():
                chosen = node.iftrue if self._evaluate(node.cond, bound, depth + 1) else node.iffalse
                return self._evaluate(chosen, bound, depth + 1)
            case c_ast.Cast():
                return _cast(node.to_type, self._evaluate(node.expr, bound, depth + 1))
            case c_ast.FuncCall():
                return self._call(node, bound, depth)
        raise UnknownValueError(f"{type(node).__name__} is no integer expression")

    def _name(self, name: str, bound: Mapping[str, int], depth: int) -> int:
        if name in bound:
            return bound[name]
        definition = self._macros.get(name)
        if definition is None or definition.parameters is not None:
            raise UnknownValueError(f"{name} is not defined in these headers")
        return self._evaluate(_parse(definition.body), {}, depth + 1)

    def _binary(self, node: c_ast.BinaryOp, bound: Mapping[str, int], depth: int) -> int:
        left = self._evaluate(node.left, bound, depth + 1)
        right = self._evaluate(node.right, bound, depth + 1)
        if node.op in {"/", "%"}:
            if right == 0:
                raise UnknownValueError("division by zero")
            quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
            return quotient if node.op == "/" else left - quotient * right
        if node.op in {"<<", ">>"} and not 0 <= right < 64:
            raise UnknownValueError(f"shift by {right}")
        return int(_BINARY[node.op](left, right))

    def _call(self, node: c_ast.FuncCall, bound: Mapping[str, int], depth: int) -> int:
        name = node.name.name if isinstance(node.name, c_ast.ID) else "?"
        definition = self._macros.get(name)
        arguments = node.args.exprs if node.args else []
        if definition is None or definition.parameters is None or len(definition.parameters) != len(arguments):
            raise UnknownValueError(f"{name}() is not defined in these headers")
        values = [self._evaluate(argument, bound, depth + 1) for argument in arguments]
        inner = dict(zip(definition.parameters, values, strict=True))
        return self._evaluate(_parse(definition.body), inner, depth + 1)


@cache
def _parser() -> c_parser.CParser:
    return c_parser.CParser()


_TYPEDEFS = "".join(
    f"typedef int {name};"
    for name in sorted(_SIZES)
    if " " not in name and name not in {"char", "short", "int", "unsigned", "signed"}
)


@cache
def _parse(body: str) -> c_ast.Node:
    if not body.strip():
        raise UnknownValueError("its body is empty")
    try:
        # What would end our own expression early is refused before it can.
        if re.search(r"[{};#]", body) or not _balanced(body):
            raise UnknownValueError(f"`{body[:60]}` is no expression")
        tree = _parser().parse(f"{_TYPEDEFS}int value = ({body});")
    except UnknownValueError:
        raise
    except Exception as error:
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


def _constant(text: str) -> int:
    if _INTEGER.match(text):
        return _integer(text.rstrip("uUlL"))
    if character := _CHARACTER.match(text):
        return ord(character.group(1))
    raise UnknownValueError(f"`{text[:40]}` is no integer")


def _integer(digits: str) -> int:
    """A C integer literal without its suffix: a leading zero means octal."""
    if digits[:2] in {"0x", "0X"}:
        return int(digits, 16)
    if digits[:2] in {"0b", "0B"}:
        return int(digits, 2)
    try:
        return int(digits, 8 if len(digits) > 1 and digits[0] == "0" else 10)
    except ValueError as error:
        raise UnknownValueError(f"`{digits[:40]}` is no integer") from error


def _type_name(node: c_ast.Node) -> str:
    inner = node.type if isinstance(node, c_ast.Typename) else node
    if isinstance(inner, c_ast.TypeDecl) and isinstance(inner.type, c_ast.IdentifierType):
        return " ".join(inner.type.names)
    raise UnknownValueError("the size of its type differs between ABIs or is not known here")


def _size(node: c_ast.Node) -> int:
    name = _type_name(node)
    if name not in _SIZES:
        raise UnknownValueError(f"the size of {name} differs between ABIs or is not known here")
    return _SIZES[name]


def _cast(to_type: c_ast.Node, value: int) -> int:
    name = _type_name(to_type)
    if name in {"long", "unsigned long"} and 0 <= value < 1 << 31:
        return value
    if name not in _SIZES:
        raise UnknownValueError(f"the size of {name} differs between ABIs or is not known here")
    bits = 8 * _SIZES[name]
    value &= (1 << bits) - 1
    return value - (1 << bits) if _SIGNED.match(name) and value >> (bits - 1) else value
