"""Syntax trees of C expressions, as facts have them: casts, calls and members included, no declarations needed.

The parser never fails: text that it does not understand becomes a leaf of kind `opaque`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from caplint.values.expression_text import partner, split_words


class Node(NamedTuple):
    """Expression: its kind, its name or operator, and its operands."""

    kind: str
    """name, number, member, index, call, cast, unary, binary, ternary, assign or opaque."""
    text: str
    """Name, operator, type of a cast, or the text of a leaf; empty for call, index and ternary."""
    parts: tuple[Node, ...] = ()

    def within(self) -> Iterator[Node]:
        """Yield the node and all nodes below it."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(reversed(node.parts))


_TOKEN = re.compile(
    r"""\s*(0[xX][0-9a-fA-F]+[uUlL]*|\d[\w.]*|[A-Za-z_]\w*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
    r"""|<<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^~!<>=?:.,()\[\]{}])"""
)
_LEVELS: dict[str, int] = {
    operator: level
    for level, operators in enumerate(
        (("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", ">", "<=", ">="), ("<<", ">>"), ("+", "-"),
         ("*", "/", "%"))
    )
    for operator in operators
}  # fmt: skip
_ASSIGNMENTS = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="})
_UNARY = frozenset("+-!~*&") | {"++", "--"}
_TYPE = re.compile(
    r"(?:const|volatile|unsigned|signed|struct|union|enum|void|int|long|char|short|bool|_Bool|(?:__)?[us](?:8|16|32|64)"
    r"|__[lb]e\d+|uint|ulong|\w+_t)\Z"
)
_WORD = re.compile(r"[A-Za-z_]\w*\Z")
_OPERAND = re.compile(r"[\w\"'~!(]")
_MEASURES = frozenset({"sizeof", "_Alignof", "__alignof__", "offsetof"})
_TYPEOF = frozenset({"typeof", "__typeof__", "__auto_type"})
_DEEPEST = 60
_LONGEST = 4_000


class _NotUnderstoodError(Exception):
    """Error for text that is no expression, or one with syntax that this parser does not support."""


@lru_cache(maxsize=16_384)
def tree_of(text: str) -> Node:
    """Return the syntax tree of an expression."""
    try:
        return _whole(_tokens(text), 0)
    except _NotUnderstoodError:
        return Node("opaque", text)


def text_of(node: Node) -> str:
    """Return an expression's text, with parentheses around its operands where they need them."""
    if not node.parts:
        return node.text
    texts: list[str] = []
    pending = [(node, False)]
    while pending:  # a chain of members is deeper than Python recurses
        part, done = pending.pop()
        if not done:
            pending.append((part, True))
            pending.extend((operand, False) for operand in reversed(part.parts))
            continue
        first = len(texts) - len(part.parts)
        texts[first:] = [_joined(part, texts[first:])]
    return texts[0]


def _joined(node: Node, texts: list[str]) -> str:
    """Return the text of an expression from those of its operands."""
    inner = [text if part.kind in _ATOMS else f"({text})" for part, text in zip(node.parts, texts, strict=True)]
    match node.kind:
        case "member":
            return f"{inner[0]}{node.text}"
        case "index":
            return f"{inner[0]}[{texts[1]}]"
        case "call":
            return f"{inner[0]}({', '.join(texts[1:])})"
        case "cast":
            return f"({node.text}){inner[0]}"
        case "unary":
            return f"{node.text}{inner[0]}"
        case "binary" if node.parts[0].kind == "binary" and node.parts[0].text == node.text:
            return f"{texts[0]} {node.text} {inner[1]}"
        case "binary" | "assign":
            return f"{inner[0]} {node.text} {inner[1]}"
        case "ternary":
            return f"{inner[0]} ? {inner[1]} : {inner[2]}"
    return node.text


_ATOMS = frozenset({"name", "number", "member", "index", "call"})


def _tokens(text: str) -> list[str]:
    tokens, position, end = [], 0, len(text.rstrip())
    if end > _LONGEST:
        raise _NotUnderstoodError
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise _NotUnderstoodError
        tokens.append(match.group(1))
        position = match.end()
    return tokens


def _whole(tokens: list[str], depth: int) -> Node:
    parser = _TreeParser(tokens, depth)
    node = parser.sequence()
    if parser.next < len(tokens):
        raise _NotUnderstoodError
    return node


class _TreeParser:
    def __init__(self, tokens: list[str], depth: int) -> None:
        self._tokens = tokens
        self._depth = depth
        self.next = 0

    def _peek(self, ahead: int = 0) -> str:
        index = self.next + ahead
        return self._tokens[index] if index < len(self._tokens) else ""

    def _take(self, word: str) -> bool:
        matches = self._peek() == word
        self.next += matches
        return matches

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise _NotUnderstoodError

    def sequence(self) -> Node:
        """Parse operands of the comma operator; the last one is the value."""
        node = self._assignment()
        while self._take(","):
            node = Node("binary", ",", (node, self._assignment()))
        return node

    def _assignment(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _NotUnderstoodError
        node = self._choice()
        if (operator := self._peek()) in _ASSIGNMENTS:
            self.next += 1
            node = Node("assign", operator, (node, self._assignment()))
        self._depth -= 1
        return node

    def _choice(self) -> Node:
        condition = self._binary(0)
        if not self._take("?"):
            return condition
        first = condition if self._peek() == ":" else self.sequence()
        self._expect(":")
        return Node("ternary", "", (condition, first, self._assignment()))

    def _binary(self, level: int) -> Node:
        left = self._unary()
        while (precedence := _LEVELS.get(self._peek(), -1)) >= level:
            operator = self._peek()
            self.next += 1
            left = Node("binary", operator, (left, self._binary(precedence + 1)))
        return left

    def _unary(self) -> Node:
        word = self._peek()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _NotUnderstoodError
        if word in _UNARY:
            self.next += 1
            node = Node("unary", word, (self._unary(),))
        elif word == "(" and (cast := self._cast_end()):
            name = " ".join(self._tokens[self.next + 1 : cast])
            self.next = cast + 1
            node = Node("cast", name, (self._unary(),))
        elif word in _MEASURES:
            node = self._measure()
        else:
            node = self._postfix(self._primary())
        self._depth -= 1
        return node

    def _measure(self) -> Node:
        self.next += 1
        if self._peek() == "(":
            self.next = self._closing() + 1
        else:
            self._unary()
        return Node("number", "sizeof")

    def _closing(self) -> int:
        """Return the index of the `)` that matches the next token."""
        length = partner(self._tokens[self.next :])
        if length < 0:
            raise _NotUnderstoodError
        return self.next + length

    def _cast_end(self) -> int:
        """Return the index of the `)` that ends a cast, 0 if the parenthesis is none."""
        first = self._peek(1)
        if first in _TYPEOF:
            return self._closing()
        if not _WORD.match(first):
            return 0
        end = self._closing()
        words = self._tokens[self.next + 1 : end]
        if not all(word == "*" or _WORD.match(word) for word in words):
            return 0
        following = self._tokens[end + 1] if end + 1 < len(self._tokens) else ""
        names = [word for word in words if word != "*"]
        if words[len(names) :] != ["*"] * (len(words) - len(names)) or not _OPERAND.match(following or ")"):
            return end if _TYPE.match(first) and following in {"-", "+", "*", "&"} else 0
        # Two words in a row, such as `__force u64`, can only be a type.
        if _TYPE.match(first) or len(words) > 1:
            return end
        return end if following != "(" and following not in {"!", "~"} else 0

    def _primary(self) -> Node:
        word = self._peek()
        self.next += 1
        if word == "(":
            if self._peek() == "{":  # a statement expression
                self.next -= 1
                end = self._closing()
                words, self.next = self._tokens[self.next : end + 1], end + 1
                return Node("opaque", " ".join(words))
            node = self.sequence()
            self._expect(")")
            return node
        if _WORD.match(word):
            return Node("name", word)
        if word and (word[0].isdigit() or word[0] in "\"'"):
            return Node("number" if word[0].isdigit() else "opaque", word)
        raise _NotUnderstoodError

    def _postfix(self, node: Node) -> Node:
        while (word := self._peek()) in {"(", "[", ".", "->", "++", "--"}:
            if word == "(":
                end = self._closing()
                node = Node("call", "", (node, *self._arguments(self._tokens[self.next + 1 : end])))
                self.next = end + 1
                continue
            self.next += 1
            if word == "[":
                node = Node("index", "", (node, self.sequence()))
                self._expect("]")
            elif word in {".", "->"}:
                if not _WORD.match(self._peek()):
                    raise _NotUnderstoodError
                node = Node("member", f"{word}{self._peek()}", (node,))
                self.next += 1
            else:
                node = Node("unary", word, (node,))
        return node

    def _arguments(self, tokens: list[str]) -> Iterator[Node]:
        """Yield the arguments of a call; one that is no expression, such as a type, is opaque."""
        for words in split_words(tokens) if tokens else ():
            try:
                yield _whole(words, self._depth)
            except _NotUnderstoodError:
                yield Node("opaque", " ".join(words))
