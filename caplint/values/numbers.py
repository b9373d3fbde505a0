"""Values of integer macros, as a C compiler would compute them; what cannot be evaluated is said, never guessed.

Arithmetic is typed (C11 6.3.1, 6.4.4.1, 6.5) and done twice, with `long` of 64 and of 32 bits: a
value that differs between the two has no value here.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from caplint.values.c_integers import UnknownValueError, Value, binary, common, literal, promoted, truncated, wrapped
from caplint.values.macro_text import MAX_DEPTH, MAX_TEXT, Definition, Macros, expanded
from caplint.values.simple_parser import plain_expression

if TYPE_CHECKING:
    from pycparser import c_ast, c_parser

__all__ = ["Definition", "Macros", "Numbers", "UnknownValueError"]

_PLAIN = re.compile(r"(?:0|[1-9][0-9]{0,8}|0[xX][0-9a-fA-F]{1,8})\Z")

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
_TYPEDEF_NAMES = [name for name in _TYPES if name[-1].isdigit() or name.endswith("_t")]
_TYPE_NAMES = frozenset(_TYPEDEF_NAMES)
_TYPEDEFS = "".join(f"typedef int {name};" for name in _TYPEDEF_NAMES)


class Numbers:
    """Evaluates macro bodies in the light of other macros."""

    def __init__(self, macros: Macros) -> None:
        self._macros = macros
        self._abis = [_Abi(macros, long_bits) for long_bits in (64, 32)]
        self._known: dict[str, int | UnknownValueError] = {}

    def of(self, body: str) -> int:
        """The value of a macro's body. Raises `UnknownValueError`."""
        bare = body.strip()
        if _PLAIN.match(bare):  # most are plain numbers
            return int(bare, 16 if bare[:2] in {"0x", "0X"} else 10)
        if body not in self._known:
            self._known[body] = UnknownValueError("macros nest too deeply")
            alias = self._alias(bare)
            self._known[body] = self._compute(body) if alias is None else alias
        known = self._known[body]
        if isinstance(known, UnknownValueError):
            raise known
        return known

    def _alias(self, name: str) -> int | UnknownValueError | None:
        """The value of a macro that the body merely names, None where it is more than a name."""
        definition = self._macros.get(name)
        if definition is None or definition.parameters is not None or not definition.body.strip():
            return None
        try:
            return self.of(definition.body)
        except UnknownValueError as error:
            return error
        except RecursionError:
            return UnknownValueError("macros nest too deeply")

    def _compute(self, body: str) -> int | UnknownValueError:
        try:
            text = expanded(body, self._macros, 0)
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

    def __init__(self, macros: Macros, long_bits: int) -> None:
        self._macros = macros
        self._long_bits = long_bits
        self._names: dict[str, Value] = {}
        long = {"long": (long_bits, False), "long int": (long_bits, False)}
        self._types = _TYPES | long | {f"unsigned {name}": (bits, True) for name, (bits, _) in long.items()}

    def evaluate(self, node: c_ast.Node, depth: int) -> Value:  # noqa: C901 - one case per kind of expression
        from pycparser import c_ast  # noqa: PLC0415 - most numbers are plain, and the others remembered

        match node:
            case c_ast.Constant():
                return literal(node.value, self._long_bits)
            case c_ast.ID():
                return self._name(node.name, depth)
            case c_ast.UnaryOp(op="sizeof"):
                return Value(self._type(node.expr)[0] // 8, self._long_bits, True)
            case c_ast.UnaryOp(op="!"):
                return Value(int(not self.evaluate(node.expr, depth).value), 32, False)
            case c_ast.UnaryOp(op="-" | "+" | "~"):
                inner = promoted(self.evaluate(node.expr, depth))
                value = {"-": -inner.value, "+": inner.value, "~": ~inner.value}[node.op]
                return wrapped(value, inner.bits, inner.unsigned)
            case c_ast.BinaryOp(op="&&" | "||"):
                left = bool(self.evaluate(node.left, depth).value)
                if left == (node.op == "||"):
                    return Value(int(left), 32, False)
                return Value(int(bool(self.evaluate(node.right, depth).value)), 32, False)
            case c_ast.BinaryOp():
                return binary(node.op, self.evaluate(node.left, depth), self.evaluate(node.right, depth))
            case c_ast.TernaryOp():
                chosen = bool(self.evaluate(node.cond, depth).value)
                return self._chosen(*((node.iftrue, node.iffalse) if chosen else (node.iffalse, node.iftrue)), depth)
            case c_ast.Cast():
                return truncated(self.evaluate(node.expr, depth).value, *self._type(node.to_type))
            case c_ast.FuncCall(name=c_ast.ID()):
                raise UnknownValueError(f"{node.name.name}() is not defined in these headers")
        raise UnknownValueError(f"{type(node).__name__} is no integer expression")

    def _chosen(self, taken: c_ast.Node, other: c_ast.Node, depth: int) -> Value:
        """The branch of `?:` that is taken, in the type of both where the other one has a value."""
        value = promoted(self.evaluate(taken, depth))
        try:
            bits, unsigned = common(value, promoted(self.evaluate(other, depth)))
        except UnknownValueError:
            return value
        return truncated(value.value, bits, unsigned)

    def _name(self, name: str, depth: int) -> Value:
        if name not in self._names:
            definition = self._macros.get(name)
            if definition is None or definition.parameters is not None:
                raise UnknownValueError(f"{name} is not defined in these headers")
            if depth > MAX_DEPTH:
                raise UnknownValueError("macros nest too deeply")
            body = expanded(definition.body, self._macros, 0)
            self._names[name] = self.evaluate(_parse(body), depth + 1)
        return self._names[name]

    def _type(self, node: c_ast.Node) -> tuple[int, bool]:
        from pycparser import c_ast  # noqa: PLC0415

        inner = node.type if isinstance(node, c_ast.Typename) else node
        if isinstance(inner, c_ast.TypeDecl) and isinstance(inner.type, c_ast.IdentifierType):
            name = " ".join(inner.type.names)
            if name in self._types:
                return self._types[name]
            raise UnknownValueError(f"the size of {name} differs between ABIs or is not known here")
        raise UnknownValueError("the size of its type differs between ABIs or is not known here")


@cache
def _parser() -> c_parser.CParser:
    from pycparser import c_parser  # noqa: PLC0415

    return c_parser.CParser()


@cache
def _parse(body: str) -> c_ast.Node:
    if not body.strip():
        raise UnknownValueError("its body is empty")
    # What would end our own expression early is refused before it can.
    if len(body) > MAX_TEXT or re.search(r"[{};#]", body) or not _balanced(body):
        raise UnknownValueError(f"`{body[:60]}` is no expression")
    if (plain := plain_expression(body, _TYPE_NAMES)) is not None:
        return plain
    try:
        typedefs = _TYPEDEFS if any(name in body for name in _TYPEDEF_NAMES) else ""
        tree = _parser().parse(f"{typedefs}int value = ({body});")
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
