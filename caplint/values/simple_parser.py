"""Parser of simple expressions to pycparser's nodes: names, integers and operators, without types and calls.

Most macro bodies are this simple. pycparser takes half a millisecond for the shortest text, which would be most of the
time for the numbers of a tree.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pycparser import c_ast

_SUFFIX = r"(?:[uU](?:ll|LL|[lL])?|(?:ll|LL|[lL])[uU]?)?"
_TOKEN = re.compile(
    rf"\s*(?:(?P<number>(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*){_SUFFIX})(?![\w.])"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<operator><<|>>|<=|>=|==|!=|&&|\|\||-(?![->])|\+(?!\+)|[*/%<>&^|?:!~()]))"
)
_LEVELS: dict[str, int] = {
    operator: level
    for level, operators in enumerate(
        (("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", ">", "<=", ">="), ("<<", ">>"), ("+", "-"),
         ("*", "/", "%"))
    )
    for operator in operators
}  # fmt: skip
_UNARY = frozenset("+-!~")
# Keywords and built-in macros; expressions with these are left to pycparser.
_WORDS = frozenset({
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
    "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",
    "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
    "offsetof",
})  # fmt: skip
_DEEPEST = 60


class _NotPlainError(Exception):
    """Error for text with syntax that this parser does not support."""


def plain_expression(text: str, types: frozenset[str]) -> c_ast.Node | None:
    """Return the tree of an expression, or None if it is not a simple one. `types` are names of types."""
    try:
        return _Parser(_tokens(text, types)).whole()
    except _NotPlainError:
        return None


def _tokens(text: str, types: frozenset[str]) -> list[tuple[str, str]]:
    """Return kind and text of each token, with an empty token at the end."""
    tokens = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise _NotPlainError
        kind, word = match.lastgroup or "", match.group(match.lastgroup or 0)
        if kind == "name" and (word in _WORDS or word in types or word.startswith("_")):
            raise _NotPlainError  # a name with a leading underscore may be a compiler keyword
        tokens.append((kind, word))
        position = match.end()
    return [*tokens, ("", "")]


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        from pycparser import c_ast  # noqa: PLC0415 - plain numbers do not need it

        self._nodes = c_ast
        self._tokens = tokens
        self._next = 0

    def whole(self) -> c_ast.Node:
        node = self._chosen(0)
        if self._next != len(self._tokens) - 1:
            raise _NotPlainError
        return node

    def _take(self, word: str) -> bool:
        """Skip the operator if it is the next token; return whether it was."""
        matches = self._tokens[self._next] == ("operator", word)
        self._next += matches
        return matches

    def _chosen(self, depth: int) -> c_ast.Node:
        if depth > _DEEPEST:
            raise _NotPlainError
        condition = self._binary(0, depth)
        if not self._take("?"):
            return condition
        first = self._chosen(depth + 1)
        if not self._take(":"):
            raise _NotPlainError
        return self._nodes.TernaryOp(condition, first, self._chosen(depth + 1))

    def _binary(self, level: int, depth: int) -> c_ast.Node:
        left = self._unary(depth)
        while True:
            kind, operator = self._tokens[self._next]
            precedence = _LEVELS.get(operator, -1) if kind == "operator" else -1
            if precedence < level:
                return left
            self._next += 1
            left = self._nodes.BinaryOp(operator, left, self._binary(precedence + 1, depth))

    def _unary(self, depth: int) -> c_ast.Node:
        kind, word = self._tokens[self._next]
        self._next += 1
        if depth > _DEEPEST:
            raise _NotPlainError
        if kind == "number":
            return self._nodes.Constant("int", word)
        if kind == "name" and self._tokens[self._next] != ("operator", "("):
            return self._nodes.ID(word)
        if word in _UNARY:
            return self._nodes.UnaryOp(word, self._unary(depth + 1))
        if word == "(":
            node = self._chosen(depth + 1)
            if self._take(")"):
                return node
        raise _NotPlainError
