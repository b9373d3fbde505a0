"""Evaluates integer constant expressions as a C compiler would (C11 6.6); refuses where a value is not certain.

The caller supplies the meaning of names and types as a `Scope`; the rules of the language are here, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from caplint.link.integers import UnknownValueError, Value, binary, common, literal, promoted, truncated, wrapped

if TYPE_CHECKING:
    from pycparser import c_ast

_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">=", "&&", "||"})


class IntegerType(NamedTuple):
    """Width in bits and signedness of an integer type."""

    bits: int
    unsigned: bool


_INT = IntegerType(32, unsigned=False)


class Scope(Protocol):
    """Meaning of the names and types in an expression; every method raises `UnknownValueError`."""

    @property
    def long_bits(self) -> int:
        """Width of `long`, and of `size_t`."""

    def name(self, name: str) -> Value:
        """Value of an identifier."""

    def integer_type(self, node: c_ast.Node) -> IntegerType:
        """Target type of a cast."""

    def size(self, node: c_ast.Node) -> int:
        """Size in bytes of the operand of `sizeof`."""

    def alignment(self, node: c_ast.Node) -> int:
        """Alignment in bytes of the operand of `_Alignof`."""


def evaluate(node: c_ast.Node, scope: Scope) -> Value:
    """Return the typed value of an expression. Raises `UnknownValueError`."""
    from pycparser import c_ast  # noqa: PLC0415 - most numbers are plain, and the others remembered

    match node:
        case c_ast.Constant():
            return literal(node.value, scope.long_bits)
        case c_ast.ID():
            return scope.name(node.name)
        case c_ast.UnaryOp():
            return _unary(node, scope)
        case c_ast.BinaryOp(op="&&" | "||"):
            left = bool(evaluate(node.left, scope).value)
            decided = left == (node.op == "||")
            return _truth(left if decided else evaluate(node.right, scope).value)
        case c_ast.BinaryOp():
            return binary(node.op, evaluate(node.left, scope), evaluate(node.right, scope))
        case c_ast.TernaryOp():
            return _conditional(node, scope)
        case c_ast.Cast():
            return truncated(evaluate(node.expr, scope).value, *scope.integer_type(node.to_type))
        case c_ast.FuncCall(name=c_ast.ID()):
            raise UnknownValueError(f"{node.name.name}() is not defined in these headers")
    raise UnknownValueError(f"{type(node).__name__} is no integer expression")


def _unary(node: c_ast.UnaryOp, scope: Scope) -> Value:
    match node.op:
        case "sizeof":
            return Value(scope.size(node.expr), scope.long_bits, unsigned=True)
        case "_Alignof":
            return Value(scope.alignment(node.expr), scope.long_bits, unsigned=True)
        case "!":
            return _truth(not evaluate(node.expr, scope).value)
        case "-" | "+" | "~":
            inner = promoted(evaluate(node.expr, scope))
            value = {"-": -inner.value, "+": inner.value, "~": ~inner.value}[node.op]
            return wrapped(value, inner.bits, inner.unsigned)
    raise UnknownValueError(f"{type(node).__name__} is no integer expression")


def _truth(value: int) -> Value:
    return Value(int(bool(value)), *_INT)


def _conditional(node: c_ast.TernaryOp, scope: Scope) -> Value:
    """Return the chosen operand of `?:`, converted to the common type of both operands (C11 6.5.15p5)."""
    chosen, other = (node.iftrue, node.iffalse) if evaluate(node.cond, scope).value else (node.iffalse, node.iftrue)
    value = promoted(evaluate(chosen, scope))
    try:
        other_type = type_of(other, scope)
    except UnknownValueError:
        # `1 ? 5 : undeclared`: the other type can only change a negative value (`1 ? -1 : 0U`).
        if value.value < 0:
            raise
        return value
    return truncated(value.value, *common(value, promoted(Value(0, *other_type))))


def type_of(node: c_ast.Node, scope: Scope) -> IntegerType:
    """Return the type of an expression that is not evaluated, such as `1 / 0`. Raises `UnknownValueError`."""
    from pycparser import c_ast  # noqa: PLC0415

    match node:
        case c_ast.UnaryOp(op="!"):
            return _INT
        case c_ast.UnaryOp(op="-" | "+" | "~"):
            return _promoted(node.expr, scope)
        case c_ast.BinaryOp() if node.op in _COMPARISONS:
            return _INT
        case c_ast.BinaryOp(op="<<" | ">>"):
            return _promoted(node.left, scope)
        case c_ast.BinaryOp():
            return _common(node.left, node.right, scope)
        case c_ast.TernaryOp():
            return _common(node.iftrue, node.iffalse, scope)
        case c_ast.Cast():
            return scope.integer_type(node.to_type)
    return IntegerType(*evaluate(node, scope)[1:])


def _promoted(node: c_ast.Node, scope: Scope) -> IntegerType:
    return IntegerType(*promoted(Value(0, *type_of(node, scope)))[1:])


def _common(left: c_ast.Node, right: c_ast.Node, scope: Scope) -> IntegerType:
    return IntegerType(*common(Value(0, *_promoted(left, scope)), Value(0, *_promoted(right, scope))))
