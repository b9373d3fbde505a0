"""Values of integer macros, as a C compiler would compute them; what cannot be evaluated is said, never guessed.

Arithmetic is typed (C11 6.3.1, 6.4.4.1, 6.5) and done twice, with `long` of 64 and of 32 bits: a
value that differs between the two has no value here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from caplint.link.expansion import MAX_DEPTH, Definition, Macros, expanded
from caplint.link.integers import UnknownValueError, Value
from caplint.values.evaluator import IntegerType, evaluate
from caplint.values.parser import FIXED_TYPES, parse_expression

if TYPE_CHECKING:
    from pycparser import c_ast

__all__ = ["Definition", "Macros", "Numbers", "UnknownValueError"]

_PLAIN = re.compile(r"(?:0|[1-9][0-9]{0,8}|0[xX][0-9a-fA-F]{1,8})\Z")


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
            values = [evaluate(parse_expression(text), abi).value for abi in self._abis]
        except UnknownValueError as error:
            return error
        except (RecursionError, ArithmeticError, ValueError, MemoryError) as error:
            return UnknownValueError(f"{type(error).__name__} in `{body[:60]}`")
        if values[0] != values[1]:
            return UnknownValueError(f"`{body[:60]}` depends on the width of long")
        return values[0]


class _Abi:
    """The names and types of an expression, with one width of `long`: the scope of `evaluate`."""

    def __init__(self, macros: Macros, long_bits: int) -> None:
        self._macros = macros
        self.long_bits = long_bits
        self._names: dict[str, Value] = {}
        self._depth = 0
        long = {"long": (long_bits, False), "long int": (long_bits, False)}
        long |= {f"unsigned {name}": (bits, True) for name, (bits, _) in long.items()}
        self._types = FIXED_TYPES | {name: IntegerType(*kind) for name, kind in long.items()}

    def name(self, name: str) -> Value:
        """See `Scope`: the value of a macro."""
        if name not in self._names:
            definition = self._macros.get(name)
            if definition is None or definition.parameters is not None:
                raise UnknownValueError(f"{name} is not defined in these headers")
            if self._depth > MAX_DEPTH:
                raise UnknownValueError("macros nest too deeply")
            self._depth += 1
            try:
                self._names[name] = evaluate(parse_expression(expanded(definition.body, self._macros, 0)), self)
            finally:
                self._depth -= 1
        return self._names[name]

    def size(self, node: c_ast.Node) -> int:
        """See `Scope`."""
        return self.integer_type(node).bits // 8

    def alignment(self, node: c_ast.Node) -> int:  # noqa: ARG002
        """See `Scope`: it differs between ABIs for the wider types."""
        raise UnknownValueError("the alignment of a type differs between ABIs")

    def integer_type(self, node: c_ast.Node) -> IntegerType:
        """See `Scope`."""
        from pycparser import c_ast  # noqa: PLC0415 - most numbers are plain, and the others remembered

        inner = node.type if isinstance(node, c_ast.Typename) else node
        if isinstance(inner, c_ast.TypeDecl) and isinstance(inner.type, c_ast.IdentifierType):
            name = " ".join(inner.type.names)
            if name in self._types:
                return self._types[name]
            raise UnknownValueError(f"the size of {name} differs between ABIs or is not known here")
        raise UnknownValueError("the size of its type differs between ABIs or is not known here")
