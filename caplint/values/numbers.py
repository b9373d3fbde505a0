"""Values of integer macros, as a C compiler would compute them; a value is never guessed.

Arithmetic is typed (C11 6.3.1, 6.4.4.1, 6.5) and done twice, with `long` of 64 and of 32 bits: if
the two results differ, the value is unknown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from caplint.values.c_integers import UnknownValueError, Value
from caplint.values.evaluator import IntegerType, evaluate
from caplint.values.macro_text import MAX_DEPTH, Definition, Macros, expanded
from caplint.values.parser import FIXED_TYPES, parse_expression

if TYPE_CHECKING:
    from pycparser import c_ast

__all__ = ["Definition", "Macros", "Numbers", "UnknownValueError"]

_PLAIN = re.compile(r"(?:0|[1-9][0-9]{0,8}|0[xX][0-9a-fA-F]{1,8})\Z")


class Numbers:
    """Evaluator of macro bodies that refer to other macros."""

    def __init__(self, macros: Macros) -> None:
        self._macros = macros
        self._abis = [_Abi(macros, long_bits) for long_bits in (64, 32)]
        self._known: dict[str, int | UnknownValueError] = {}

    def of(self, body: str) -> int:
        """Return the value of a macro's body. Raises `UnknownValueError`."""
        bare = body.strip()
        if _PLAIN.match(bare):  # fast path: most bodies are plain numbers
            return int(bare, 16 if bare[:2] in {"0x", "0X"} else 10)
        if body not in self._known:
            self._known[body] = UnknownValueError("macros nest too deeply")
            alias = self._alias(bare)
            self._known[body] = self._compute(body) if alias is None else alias
        result = self._known[body]
        if isinstance(result, UnknownValueError):
            # Another one: the kept one would hold the frames of every place that it was raised in.
            raise UnknownValueError(*result.args)
        return result

    def _alias(self, name: str) -> int | UnknownValueError | None:
        """Return the value if the body is just the name of another macro, else None."""
        definition = self._macros.get(name)
        if definition is None or definition.parameters is not None or not definition.body.strip():
            return None
        try:
            return self.of(definition.body)
        except UnknownValueError as error:
            return UnknownValueError(*error.args)
        except RecursionError:
            return UnknownValueError("macros nest too deeply")

    def _compute(self, body: str) -> int | UnknownValueError:
        try:
            text = expanded(body, self._macros, 0)
            values = [evaluate(parse_expression(text), abi).value for abi in self._abis]
        except UnknownValueError as error:
            return UnknownValueError(*error.args)
        except (RecursionError, ArithmeticError, ValueError, MemoryError) as error:
            return UnknownValueError(f"{type(error).__name__} in `{body[:60]}`")
        if values[0] != values[1]:
            return UnknownValueError(f"`{body[:60]}` depends on the width of long")
        return values[0]


class _Abi:
    """Scope of `evaluate` for one width of `long`: names are macros, types are integer types."""

    def __init__(self, macros: Macros, long_bits: int) -> None:
        self._macros = macros
        self.long_bits = long_bits
        self._names: dict[str, Value] = {}
        self._depth = 0
        long = {"long": (long_bits, False), "long int": (long_bits, False)}
        long |= {f"unsigned {name}": (bits, True) for name, (bits, _) in long.items()}
        self._types = FIXED_TYPES | {name: IntegerType(*kind) for name, kind in long.items()}

    def name(self, name: str) -> Value:
        """Return the value of a macro; see `Scope`."""
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
        """Return the size in bytes; see `Scope`."""
        return self.integer_type(node).bits // 8

    def alignment(self, node: c_ast.Node) -> int:  # noqa: ARG002
        """Raise `UnknownValueError`: the alignment of the wider types differs between ABIs."""
        raise UnknownValueError("the alignment of a type differs between ABIs")

    def integer_type(self, node: c_ast.Node) -> IntegerType:
        """Return the type of a cast or `sizeof`; see `Scope`."""
        from pycparser import c_ast  # noqa: PLC0415 - most numbers are plain literals, others are cached

        inner = node.type if isinstance(node, c_ast.Typename) else node
        if isinstance(inner, c_ast.TypeDecl) and isinstance(inner.type, c_ast.IdentifierType):
            name = " ".join(inner.type.names)
            if name in self._types:
                return self._types[name]
            raise UnknownValueError(f"the size of {name} differs between ABIs or is unknown")
        raise UnknownValueError("the size of its type differs between ABIs or is unknown")
