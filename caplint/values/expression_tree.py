"""Syntax trees of C expressions with calls, members and assignments; text that is not understood is one opaque leaf.

A tree is a tuple whose first item names its kind:

    ("number", text)  ("name", text)  ("string",)  ("opaque", text)
    ("unary", operator, tree)  ("binary", operator, left, right)  ("assign", operator, left, right)
    ("choice", condition, first or None, second)  ("call", tree, (tree, …), (text, …))  ("index", tree, tree)
    ("member", tree, name)  ("cast", tree)  ("step", tree)
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

Tree = tuple[Any, ...]

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*)(?![\w.])|(?P<name>[A-Za-z_]\w*)
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<operator><<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%<>&^|?:!~()\[\].,=]))""",
    re.VERBOSE,
)
_LEVELS = {
    operator: level
    for level, operators in enumerate(
        ("||", "&&", "|", "^", "&", "== !=", "< > <= >=", "<< >>", "+ -", "* / %")
    )
    for operator in operators.split()
}  # fmt: skip
_ASSIGNING = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="})
_PREFIX = frozenset("+-!~*&")
# Words with which a type begins, or which are types by themselves.
_TYPE = re.compile(
    r"(?:struct|union|enum|const|volatile|unsigned|signed|int|long|short|char|bool|void|_?_?[us](?:8|16|32|64)|\w+_t)\Z"
)
_DEEPEST = 60
_LONGEST = 1000
_END = ("", "")


class _UnreadableError(Exception):
    """Error for text that is not an expression of the supported syntax."""


@lru_cache(maxsize=16384)
def expression_tree(text: str) -> Tree:
    """Return the tree of an expression."""
    try:
        if len(text) >= _LONGEST:
            return ("opaque", text)
        return _Reader(text).whole()
    except _UnreadableError:
        return ("opaque", text)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        self._offsets: list[int] = []
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise _UnreadableError
            kind = match.lastgroup or ""
            self._tokens.append((kind, match.group(kind)))
            self._offsets.append(match.start(kind))
            position = match.end()
        self._tokens.append(_END)
        self._offsets.append(end)
        self._at = 0

    def whole(self) -> Tree:
        tree = self._comma(0)
        if self._tokens[self._at] is not _END:
            raise _UnreadableError
        return tree

    def _next(self, word: str) -> bool:
        """Skip an operator if it comes next; return whether it did."""
        found = self._tokens[self._at] == ("operator", word)
        self._at += found
        return found

    def _need(self, word: str) -> None:
        if not self._next(word):
            raise _UnreadableError

    def _comma(self, depth: int) -> Tree:
        tree = self._assigned(depth)
        while self._next(","):
            tree = ("binary", ",", tree, self._assigned(depth))
        return tree

    def _assigned(self, depth: int) -> Tree:
        if depth > _DEEPEST:
            raise _UnreadableError
        left = self._chosen(depth)
        kind, word = self._tokens[self._at]
        if kind == "operator" and word in _ASSIGNING:
            self._at += 1
            return ("assign", word, left, self._assigned(depth + 1))
        return left

    def _chosen(self, depth: int) -> Tree:
        condition = self._binary(0, depth)
        if not self._next("?"):
            return condition
        first = None
        if not self._next(":"):
            first = self._comma(depth + 1)
            self._need(":")
        return ("choice", condition, first, self._assigned(depth + 1))

    def _binary(self, level: int, depth: int) -> Tree:
        left = self._unary(depth)
        while True:
            kind, word = self._tokens[self._at]
            precedence = _LEVELS.get(word, -1) if kind == "operator" else -1
            if precedence < level:
                return left
            self._at += 1
            left = ("binary", word, left, self._binary(precedence + 1, depth + 1))

    def _unary(self, depth: int) -> Tree:
        if depth > _DEEPEST:
            raise _UnreadableError
        kind, word = self._tokens[self._at]
        if kind == "operator" and word in _PREFIX:
            self._at += 1
            return ("unary", word, self._unary(depth + 1))
        if kind == "operator" and word in {"++", "--"}:
            self._at += 1
            return ("step", self._unary(depth + 1))
        if word == "sizeof":
            raise _UnreadableError
        if word == "(" and (end := self._cast()):
            self._at = end
            return ("cast", self._unary(depth + 1))
        return self._postfix(self._primary(depth), depth)

    def _cast(self) -> int:
        """Return the index after a parenthesis that holds a type and has an operand behind it, else 0."""
        at, words = self._at + 1, []
        while self._tokens[at][0] == "name":
            words.append(self._tokens[at][1])
            at += 1
        stars = at
        while self._tokens[at] == ("operator", "*"):
            at += 1
        if not words or self._tokens[at] != ("operator", ")"):
            return 0
        kind, following = self._tokens[at + 1]
        if any(map(_TYPE.match, words)) or at > stars or len(words) > 1:
            return at + 1
        return at + 1 if kind in {"name", "number", "string"} or following == "!" else 0

    def _primary(self, depth: int) -> Tree:
        kind, word = self._tokens[self._at]
        self._at += 1
        if kind in {"number", "name"}:
            return (kind, word)
        if kind == "string":
            return (kind,)
        if word == "(":
            tree = self._comma(depth + 1)
            self._need(")")
            return tree
        raise _UnreadableError

    def _postfix(self, tree: Tree, depth: int) -> Tree:
        while True:
            if self._next("("):
                tree = ("call", tree, *self._arguments(depth))
            elif self._next("["):
                tree = ("index", tree, self._comma(depth + 1))
                self._need("]")
            elif self._next("->") or self._next("."):
                kind, word = self._tokens[self._at]
                if kind != "name":
                    raise _UnreadableError
                self._at += 1
                tree = ("member", tree, word)
            elif self._next("++") or self._next("--"):
                tree = ("step", tree)
            else:
                return tree

    def _arguments(self, depth: int) -> tuple[tuple[Tree, ...], tuple[str, ...]]:
        """Return trees and texts of the arguments of a call; one that is a type, say, is opaque."""
        trees: list[Tree] = []
        texts: list[str] = []
        while not self._next(")"):
            begin = self._at
            try:
                tree = self._assigned(depth + 1)
                if self._tokens[self._at] not in {("operator", ","), ("operator", ")")}:
                    raise _UnreadableError
            except _UnreadableError:
                self._at = self._argument_end(begin)
                tree = ("opaque", "")
            trees.append(tree)
            texts.append(self._text[self._offsets[begin] : self._offsets[self._at]].strip())
            self._next(",")
        return tuple(trees), tuple(texts)

    def _argument_end(self, at: int) -> int:
        nesting = 0
        while self._tokens[at] is not _END:
            word = self._tokens[at][1]
            if nesting == 0 and word in {",", ")"}:
                return at
            nesting += (word in {"(", "["}) - (word in {")", "]"})
            at += 1
        raise _UnreadableError
