"""Search for chains of member accesses in C text: `vcpu->arch.mce_banks[i]`, `to_vmx(vcpu)->loaded_vmcs`.

A syntax tree would take more time, and would lack the parts that the repair blanks: operands of asm, arguments of
typeof(). Therefore the text is read from each run of `->` and `.` to both sides, by C's precedence: postfix
operators bind to the chain before any prefix operator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from caplint.c.byte_ranges import Spans, blank
from caplint.util.patterns import compiled

_NAME = rb"\s*+[A-Za-z_]\w*+"
_OPERATOR = rb"(?:(?:[-+*/%&|^]|<<|>>)?=(?!=)|\+\+|--|[][()])"
_STEPS = compiled(
    rb"[-.](?:(?<=[^.]\.)|>)" + _NAME + rb"(?:\s*+(?:->|\.)" + _NAME + rb")*+(?:\s*+(" + _OPERATOR + rb"))?+"
)
_AFTER = re.compile(rb"\s*+(" + _OPERATOR + rb")")
_STEP = re.compile(rb"\s*+(?:->|\.)" + _NAME)
_BRACKET = re.compile(rb"[][()]")
# `sizeof x->y` and `sizeof(…)`; the rare letters `of` make the search fast.
_UNEVALUATED = re.compile(rb"of(?:(?<=sizeof)|(?<=typeof)|(?<=offsetof)|(?<=alignof))\w*+(?:\s*+\(|[\s*&]++\w)")
_TYPE = re.compile(
    rb"\s*(?:(?:const|volatile|struct|union|enum|unsigned|signed|long|short|int|char|void|bool)\b[^()]*"
    rb"|\w+_t|(?:__)?[us](?:8|16|32|64)|u?long|uint|[^()]*\*)\s*\Z"
)
_SPACE = b" \t\n\r\f\v"
_WORDS_ONLY = bytes(code if code < 128 and (chr(code).isalnum() or code == 95) else 32 for code in range(256))
_LETTERS = 58
"""First byte value above the digits."""
# Words before a parenthesis or prefix operator that are neither a callee nor an operand.
_NO_OPERANDS = frozenset(
    {b"", b"return", b"case", b"else", b"do", b"goto", b"sizeof", b"if", b"while", b"for", b"switch"}
)
_OPENS = {b")": b"(", b"]": b"["}
_OPENING = b"(["
# Bytes before a chain that may give it a mode other than `read`.
_PREFIXES = b'&*+-("'
_BLANK = 32


def _nested(opening: bytes, closing: bytes, depth: int) -> bytes:
    """Return a pattern of brackets that nest at most `depth` levels."""
    inner = rb"[^][()]++" + (rb"|" + _nested(opening, closing, depth - 1) if depth > 1 else b"")
    return opening + rb"(?:" + inner + rb")*+" + closing


_FORWARD = compiled(_nested(rb"[([]", rb"[])]", 6))
_BACKWARD = compiled(_nested(rb"[])]", rb"[([]", 6))


class Chain(NamedTuple):
    """Extent `[start, end)` of a chain, and how it is used."""

    start: int
    end: int
    mode: str
    """One of read, write, update, address, call, sizeof."""


def chains(text: bytes, strings: Sequence[tuple[int, int]]) -> Iterator[Chain]:
    """Yield every maximal chain of a text without comments and directives; `strings` are its literals' extents."""
    return _Scanner(text, strings).chains()


class _Scanner:
    def __init__(self, text: bytes, strings: Sequence[tuple[int, int]]) -> None:
        self._source = text
        self._text = blank(text, [(start + 1, end - 1) for start, end in strings if end - start > 2])
        self._words = self._text.translate(_WORDS_ONLY)
        self._mirrored = self._text[::-1]
        self._bases: dict[int, int] = {}
        """End of an operand → its start, so that `a(b)->c(d)->e` is read once."""

    def chains(self) -> Iterator[Chain]:
        """Yield the chains; see the function of the same name."""
        words = self._words
        for match in _STEPS.finditer(self._text):
            start, end = match.span()
            if start and words[start - 1] != _BLANK:
                start = words.rfind(b" ", 0, start) + 1
                if words[start] < _LETTERS:
                    continue
            elif (start := self._base(start)) < 0:
                continue
            operator = match.group(1)
            if operator is not None:
                end = self._visible(match.start(1))
                if operator == b"[":
                    end, operator = self._indexed(match.start(1))
                    if end < 0:
                        continue  # more steps follow and are matched later
            yield Chain(start, end, self._mode(start, end, operator))

    def _partner(self, offset: int) -> int:
        """Return the offset of the bracket that matches the one at the offset, or -1."""
        opens = self._text[offset] in _OPENING
        text, begin = (self._text, offset) if opens else (self._mirrored, len(self._text) - 1 - offset)
        matched = (_FORWARD if opens else _BACKWARD).match(text, begin)
        if matched is None:
            return self._pairs.get(offset, -1)
        return matched.end() - 1 if opens else len(text) - matched.end()

    @cached_property
    def _pairs(self) -> dict[int, int]:
        """Offset of each bracket → offset of its partner; computed only for deep nesting."""
        pairs: dict[int, int] = {}
        pending: list[tuple[bytes, int]] = []
        for match in _BRACKET.finditer(self._text):
            symbol, offset = match.group(), match.start()
            if symbol in _OPENS.values():
                pending.append((symbol, offset))
            elif pending and pending[-1][0] == _OPENS[symbol]:
                opening = pending.pop()[1]
                pairs[opening], pairs[offset] = offset, opening
        return pairs

    @cached_property
    def _unevaluated(self) -> Spans:
        """Extents of unevaluated operands (sizeof, typeof)."""
        extents: list[tuple[int, int]] = []
        for match in _UNEVALUATED.finditer(self._text):
            end = match.end()
            stop = self._partner(end - 1) if self._text[end - 1] == _OPENING[0] else end
            if not extents or end > extents[-1][1]:
                extents.append((end - 1, stop))
        return Spans(extents)

    def _visible(self, offset: int) -> int:
        """Return the offset behind the last visible byte before the offset."""
        text = self._text
        while offset > 0 and text[offset - 1] in _SPACE:
            offset -= 1
            if offset > 0 and text[offset - 1] in _SPACE:
                begin = max(0, offset - 256)
                offset = begin + len(text[begin:offset].rstrip(_SPACE))
        return offset

    def _word(self, end: int) -> int:
        """Return the start of the word that ends at the offset; the offset itself if there is no word."""
        return self._words.rfind(b" ", 0, end) + 1

    def _base(self, offset: int) -> int:
        """Return the start of the operand that ends before the offset, or -1: `.a = 1`, `[A].b = 1`."""
        stop = self._visible(offset)
        self._bases[stop] = self._operand(stop)
        return self._bases[stop]

    def _operand(self, offset: int) -> int:
        text = self._text
        while True:
            offset = self._visible(offset)
            if offset in self._bases:
                return self._bases[offset]
            symbol = text[offset - 1 : offset]
            if symbol == b")":
                opening = self._partner(offset - 1)
                if opening < 0 or not self._is_callee(opening):
                    return opening
                offset = opening
            elif symbol == b"]":
                offset = self._partner(offset - 1)
            else:
                begin = self._word(offset)
                if offset <= 0 or begin == offset or text[begin] < _LETTERS:
                    return -1
                before = self._visible(begin)
                if text[before - 2 : before] == b"->":
                    offset = before - 2
                elif text[before - 1 : before] == b"." and text[before - 2 : before] != b"..":
                    offset = before - 1
                else:
                    return begin

    def _is_callee(self, opening: int) -> bool:
        """Tell whether the text before a parenthesis is a callee, not a cast or a keyword."""
        end = self._visible(opening)
        symbol = self._text[end - 1 : end]
        if symbol == b")":
            inner = self._partner(end - 1)
            return inner >= 0 and self._text[inner + 1 : inner + 2] == b"*"
        return symbol == b"]" or self._text[self._word(end) : end] not in _NO_OPERANDS

    def _indexed(self, offset: int) -> tuple[int, bytes | None]:
        """Return the end of the indices at the offset and the operator behind them; end -1 if more steps follow."""
        while True:
            closing = self._partner(offset)
            if closing < 0:
                return self._visible(offset), None
            if _STEP.match(self._text, closing + 1):
                return -1, None
            match = _AFTER.match(self._text, closing + 1)
            if match is None or match.group(1) != b"[":
                return closing + 1, match.group(1) if match else None
            offset = match.start(1)

    def _mode(self, start: int, end: int, operator: bytes | None) -> str:
        text = self._text
        if start in self._unevaluated:
            return "sizeof"
        before = self._visible(start)
        if operator is None and text[before - 1] not in _PREFIXES:
            return "read"
        while operator == b")" and text[before - 1 : before] == b"(" and not self._is_callee(before - 1):
            closing = self._partner(before - 1)
            if closing < end:
                break
            start, end = before - 1, closing + 1
            match = _AFTER.match(text, end)
            before, operator = self._visible(start), match.group(1) if match else None
        symbol = text[before - 1 : before]
        if operator == b"(" or operator in {b"++", b"--"}:
            return "call" if operator == b"(" else "update"
        if operator is not None and operator.endswith(b"=") and symbol != b"*":
            return "write" if operator == b"=" else "update"
        if symbol in {b"+", b"-"} and text[before - 2 : before - 1] == symbol:
            return "update"
        if symbol == b'"':
            return self._asm_operand(before)
        return "address" if symbol == b"&" and self._is_unary(before - 1) else "read"

    def _asm_operand(self, end: int) -> str:
        """Return the access mode of an asm operand, by the constraint that ends at the offset."""
        opening = self._text.rfind(b'"', 0, end - 1)
        constraint = self._source[opening + 1 : opening + 2]
        return {b"=": "write", b"+": "update"}.get(constraint, "read")

    def _is_unary(self, offset: int) -> bool:
        """Tell whether the `&` at the offset takes an address."""
        text = self._text
        if text[offset - 1 : offset] == b"&":
            return text[offset - 2 : offset - 1] == b"&"
        end = self._visible(offset)
        symbol = text[end - 1 : end]
        if symbol == b")":
            opening = self._partner(end - 1)
            return opening >= 0 and not self._is_callee(opening) and bool(_TYPE.match(text, opening + 1, end - 1))
        if symbol in {b"]", b'"', b"'"} or text[end - 2 : end] in {b"++", b"--"}:
            return False
        return self._text[self._word(end) : end] in _NO_OPERANDS
