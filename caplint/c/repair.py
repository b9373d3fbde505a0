"""In-place rewriting of code that tree-sitter-c cannot parse: every replacement keeps length and newlines.

Each pass applies regular expressions to the text, whose comments and directives are already blanked. Tokens that
a pass inserts (`||` for a case range, `while` for an iterator macro) are recorded by offset, so that
extractors can distinguish them from the author's text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from caplint.c.byte_ranges import spaces, stretches
from caplint.c.tables import Tables
from caplint.c.text_positions import Parentheses, indentation, opening_before, visible_before
from caplint.util.patterns import compiled

# Most macros with asm operands that are rewritten in a file; real files have fewer.
MAX_OPERANDS = 1000

Edit = tuple[int, int, bytes | None]
"""Extent and its replacement; None blanks it."""


@dataclass(frozen=True, slots=True)
class RepairedMacro:
    """Macro invocation that the repair rewrote: offsets of its name, of its `(` and behind its `)`."""

    kind: str
    """`file` (alone outside functions), `head` (defines a function), `loop`, `label`, `statement`,
    `declarator`, `type`, `asm`, `enumerator` or `entries` (of an initialiser)."""
    start: int
    opening: int
    end: int


@dataclass
class Repaired:
    """Text to parse, and by offset the changes that the repair made."""

    text: bytes
    stretches: list[tuple[int, int]]
    """Extents of the text between gaps."""
    ranges: set[int] = field(default_factory=set)
    """Offsets of the `...` of case ranges, rewritten as ` ||`."""
    uses: list[RepairedMacro] = field(default_factory=list)
    heads: dict[int, RepairedMacro] = field(default_factory=dict)
    """Function heads that come from a macro, by the offset of the placeholder name."""


_RANGE = re.compile(rb"case\b[^:;{}?]{0,400}?(\.\.\.)")
_ASM_QUALIFIERS = re.compile(rb"(?:\s*\b(?:volatile|__volatile(?:__)?|goto|inline|__inline__)\b)*\s*(?=\()")
_BASE = rb"(?:int|char|long|short|unsigned|signed|void|_Bool|bool|float|double)\b"
# A type that ends where an argument ends; the text before it decides whether it is an argument.
_TYPE = compiled(
    rb"[(,]\s*+((?:(?:struct|union|enum)\s++\w++|" + _BASE + rb"(?:\s++" + _BASE + rb")*+)(?:\s*+\*)*+)(?=\s*[,)])"
)
_POINTER = re.compile(rb"\*[\s*]{0,16}+(?=[,)])")
_TAKES_TYPE = re.compile(rb"(?:sizeof|typeof|typeof__|_Alignof|_Atomic|return)\s*\Z")
_CALLEE = re.compile(rb"\w\Z")
# The grammar accepts fewer operands than compilers do (a member path, an expression): rewritten as ordinary calls.
_TYPE_OPERATOR = re.compile(rb"(?:offsetof|alignof(?:__)?)\b(?=\s*\()")
# Names that begin with a digit, pasted by a macro: F(3DNOW), HAS_FEAT(x, 48_47).
_DIGIT_NAME = re.compile(rb"[1-9](?<=[(, \t].)(?=[0-9]*+(?:[A-DF-KM-TV-WYZa-df-km-tv-wyz_]\w*+|_\w++)[,)\s])")
# An argument that is an operator, which a macro puts between others, or an empty argument behind the last comma.
_ODD_ARGUMENT = re.compile(rb",(?:\s*+([-+/%&|^<>=!~]{1,3}+)\s*+(?=[,)])|(\s*+)(?=\)))")
_UNNAMED_FIELD = re.compile(rb":\s*\w+\s*;")
_FIELD_TYPE = re.compile(
    rb"[;{]\s*((?:(?:const|unsigned|signed|long|int|short|char|_Bool|bool|(?:__)?[us](?:8|16|32|64)|\w+_t)(?:\s+|\Z))+)\Z"
)
# A call at the beginning of a line without indentation; a statement that some authors write there is none.
_FILE_SCOPE = compiled(
    rb"^(?:(?:static|extern|inline|const)[ \t]+)*+(?!(?:if|for|while|switch|return|sizeof|case|typeof|__typeof__)\b)"
    rb"([A-Za-z_]\w*)[ \t]*(?=\()",
    re.MULTILINE,
)
# A call at the beginning of a line without a semicolon at its end; group 2: a word follows it on the line.
_UNFINISHED = re.compile(
    rb"\n[ \t]++(?:else[ \t]+)?(?!(?:if|for|while|switch|return|sizeof|else|do|case|typeof|__typeof__)\b)"
    rb"([A-Za-z_]\w*+)[ \t]*+(?=\([^;\n]*+(?:\n|\Z)|(\([^()\n]*+\)[ \t]++[A-Za-z_*]))"
)
# A macro that expands to labels: `CASE64(MSR_X):` at the beginning of a line.
_LABEL = compiled(
    rb"\n[ \t]++(?!(?:if|for|while|switch|return|sizeof|case|typeof)\b)"
    rb"([A-Za-z_]\w*+)[ \t]*+(\((?:[^()\n;]|\([^()\n;]*+\))*+\))[ \t]*+(:)(?!:)"
)
_FOLLOWING = re.compile(rb"\s*(.)", re.DOTALL)
# Patterns that begin with a literal match several times faster.
_ENUM = re.compile(rb"enum\b[^{};()=,]{0,200}\{([^{}]*)\}")
_ENUMERATOR = re.compile(rb"(?:\A|,)\s*+(\w++)\s*+(\([^()]*+\))(?=\s*+(?:,|\Z))")
# Text of an asm statement alone outside functions, because a macro opened the statement.
_LONE_STRING = compiled(rb'\n"(?:[^"\\\n]|\\.)*+"')
# An operand of an asm statement, also accepted by some macros: `[value] "=r" (`.
_OPERAND = re.compile(rb"\[\s*+\w++\s*+\] \"[^\"\n]*+\"\s*+\(")
# A macro alone on its line that expands to entries of an initialiser, their comma included.
_ENTRIES = re.compile(rb"\n[ \t]++([A-Z][A-Z0-9_]{2,}+)[ \t]*+(?=\n\s*+(?:\{|[A-Z][A-Z0-9_]{2,}+[ \t]*+\n))")
_CALLED = re.compile(rb"\b\w++\s*+\Z")
# Operators after which an expression continues: a call behind one is not a statement.
_OPERATORS = frozenset(bytes([symbol]) for symbol in b"=,|&+-*/<>?!~^%([.")
_LIST_BEGINS = re.compile(rb"=\s*+\{\s*+\Z")
_WORD = re.compile(rb"\w+")
_NAME_BYTES = b"_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SPACES = re.compile(rb" +")
_BRACKETS_AWAY = bytes.maketrans(b"()", b"  ")


def repair(source: bytes, tables: Tables) -> Repaired:
    """Repair one variant's text."""
    result = Repaired(source, stretches(source))
    for step in _STEPS:
        if edits := list(step(result, tables)):
            result.text = _apply(result.text, edits)
    return result


def _apply(text: bytes, edits: list[Edit]) -> bytes:
    pieces: list[bytes] = []
    position = 0
    for start, end, replacement in sorted(edits):
        if start >= position:
            pieces += text[position:start], spaces(text[start:end]) if replacement is None else replacement
            position = end
    pieces.append(text[position:])
    return b"".join(pieces)


def _find(pattern: re.Pattern[bytes], result: Repaired) -> Iterator[re.Match[bytes]]:
    for start, end in result.stretches:
        yield from pattern.finditer(result.text, start, end)


def _words(result: Repaired, tables: Tables) -> Iterator[Edit]:
    """Rewrite attributes, asm statements, and macros that declare something or expand to a type."""
    text, parentheses = result.text, Parentheses(result.text)
    for match in _find(tables.words, result):
        if text[match.start() - 1 : match.start()] in {b".", b">"}:
            continue  # a member with the name of an attribute
        name = match.group(2)
        if name is None:
            yield *match.span(), None
            continue
        opening = match.end()
        if tables.kinds[name] == "asm" and (qualifiers := _ASM_QUALIFIERS.match(text, opening)):
            opening = qualifiers.end()
        if text[opening : opening + 1] != b"(" or (end := parentheses.closing(opening)) < 0:
            continue
        use = RepairedMacro(tables.kinds[name], match.start(), opening, end)
        match use.kind:
            case "attribute":
                yield use.start, use.end, None
            case "type":
                yield use.opening, use.end, None
            case "asm":
                result.uses.append(use)
                yield use.start, use.end, None
            case "group":
                yield from _group(text, use, tables.groups[name])
            case _:
                yield from _declarator(result, use, tables.declarators[name])


def _declarator(result: Repaired, use: RepairedMacro, index: int) -> Iterator[Edit]:
    """Rewrite `DEFINE_PER_CPU(struct x, name)` as `int name`, the name at its old offset."""
    arguments = result.text[use.opening + 1 : use.end - 1].split(b",")
    if index >= len(arguments):
        return
    before = use.opening + 1 + sum(len(argument) + 1 for argument in arguments[:index])
    softened = bytearray(spaces(result.text[use.start : use.end]))
    softened[:4] = b"int "
    start = before - use.start
    softened[start : start + len(arguments[index])] = arguments[index].translate(_BRACKETS_AWAY)
    result.uses.append(use)
    yield use.start, use.end, bytes(softened)


def _group(text: bytes, use: RepairedMacro, before: int) -> Iterator[Edit]:
    """Rewrite `struct_group(name, int a; int b;)` as its members."""
    start = use.opening
    for _ in range(before):
        start = text.find(b",", start, use.end) + 1
        if not start:
            return
    yield use.start, start, None
    following = _FOLLOWING.match(text, use.end)
    # The last member already has a semicolon.
    yield use.end - 1, following.end() if following and following.group(1) == b";" else use.end, None


def _ranges(result: Repaired, _: Tables) -> Iterator[Edit]:
    if b"..." not in result.text:
        return
    for match in _find(_RANGE, result):
        result.ranges.add(match.start(1))
        yield *match.span(1), b" ||"


def _types(result: Repaired, _: Tables) -> Iterator[Edit]:
    """Rewrite a type in place of an expression: an argument of container_of(), min_t(), va_arg() and similar."""
    text = result.text
    for match in _find(_TYPE, result):
        if not _is_argument(text, match.start(1)):
            continue
        name = list(_WORD.finditer(text, *match.span(1)))[-1]
        softened = bytearray(spaces(match.group(1)))
        # A built-in type would still be parsed as a type: capitalise its last letter.
        start = name.start() - match.start(1)
        softened[start : start + len(name.group())] = name.group()[:-1] + name.group()[-1:].upper()
        yield *match.span(1), bytes(softened)
    for match in _find(_POINTER, result):
        start = max(0, match.start() - 80)
        word = text[start : match.start()].rstrip()
        before = word.rstrip(_NAME_BYTES)
        if before != word and _is_argument(text, start + len(before)):
            yield *match.span(), None
    for match in _find(_TYPE_OPERATOR, result) if b"offsetof" in text or b"alignof" in text else ():
        yield *match.span(), match.group()[:-1] + b"F"


def _is_argument(text: bytes, offset: int) -> bool:
    """Tell whether an argument of a call begins at the offset; a cast, `sizeof (x)` or a parameter's type does not."""
    before = text[max(0, offset - 80) : offset].rstrip()
    if before.endswith(b","):
        return True
    if not before.endswith(b"("):
        return False
    callee = before[:-1]
    return bool(_CALLEE.search(callee)) and not _TAKES_TYPE.search(callee)


def _small_things(result: Repaired, _: Tables) -> Iterator[Edit]:
    text = result.text
    for match in _find(_DIGIT_NAME, result):
        yield *match.span(), b"_"
    for match in _find(_UNNAMED_FIELD, result):
        if field := _FIELD_TYPE.search(text, max(0, match.start() - 120), match.start()):
            yield field.start(1), match.end(), None
    for match in _find(_LONE_STRING, result):
        if visible_before(text, match.start()) in {b"", b";", b"}"}:
            yield *match.span(), None
    behind = -1
    for match in _find(_ENTRIES, result):
        if _in_list(text, match.start()) or (behind >= 0 and not text[behind : match.start()].strip()):
            behind = match.end()
            result.uses.append(RepairedMacro("entries", match.start(1), match.end(1), match.end(1)))
            yield *match.span(1), None


def _arguments(result: Repaired, _: Tables) -> Iterator[Edit]:
    """Replace arguments that are not expressions (an operator, nothing) by `0`."""
    for match in _find(_ODD_ARGUMENT, result):
        if match.group(1):
            yield *match.span(1), b"0".ljust(len(match.group(1)))
        elif blank := match.group(2).rstrip(b"\n"):
            yield match.start(2) + len(blank) - 1, match.start(2) + len(blank), b"0"
        else:
            yield match.start(), match.start() + 1, None


def _enumerators(result: Repaired, _: Tables) -> Iterator[Edit]:
    """Rewrite `VNCR(X),` in an enumeration as one name."""
    for body in _ENUM.finditer(result.text):  # comments among the enumerators may be gaps
        text, base = body.group(1), body.start(1)
        depth = position = 0
        for match in _ENUMERATOR.finditer(text):
            depth += text.count(b"(", position, match.start()) - text.count(b")", position, match.start())
            position = match.start()
            if depth == 0:
                start, opening, end = (base + offset for offset in (match.start(1), match.start(2), match.end(2)))
                result.uses.append(RepairedMacro("enumerator", start, opening, end))
                yield opening, end, None


def _operands(result: Repaired, _: Tables) -> Iterator[Edit]:
    """Rewrite a macro around an asm statement as a call without arguments."""
    text, position, parentheses = result.text, 0, Parentheses(result.text)
    if b'] "' not in text:
        return
    for match in islice(_find(_OPERAND, result), MAX_OPERANDS):
        opening = opening_before(text, match.start())
        end = parentheses.closing(opening) if opening >= position else -1
        name = _CALLED.search(text, max(0, opening - 80), opening) if end >= 0 else None
        if name is not None:
            result.uses.append(RepairedMacro("asm", name.start(), opening, end))
            yield opening + 1, end - 1, None
            position = end


def _file_scope(result: Repaired, _: Tables) -> Iterator[Edit]:
    text, parentheses = result.text, Parentheses(result.text)
    for match in _find(_FILE_SCOPE, result):
        if visible_before(text, match.start()) not in {b"", b";", b"}", b")"}:
            continue
        end = parentheses.closing(match.end())
        if end < 0:
            continue
        following = _FOLLOWING.match(text, end)
        symbol = following.group(1) if following else b""
        if symbol in {b"(", b")", b",", b"[", b"*"}:
            continue
        use = RepairedMacro("head" if symbol == b"{" else "file", match.start(1), match.end(), end)
        softened = bytearray(spaces(text[match.start() : end]))
        if symbol in {b"{", b"="}:
            stand_in = b"a b()" if symbol == b"{" else b"a b"
            stand_in_end = max(
                (gap.end() for gap in _SPACES.finditer(softened) if len(gap[0]) >= len(stand_in)), default=0
            )
            if not stand_in_end:
                continue
            softened[stand_in_end - len(stand_in) : stand_in_end] = stand_in
            if symbol == b"{":
                result.heads[match.start() + stand_in_end - 3] = use
        result.uses.append(use)
        yield match.start(), end, bytes(softened)


def _loops(result: Repaired, tables: Tables) -> Iterator[Edit]:
    text, parentheses = result.text, Parentheses(result.text)
    for match in _find(_UNFINISHED, result):
        if match.group(2) and not tables.iterators.fullmatch(match.group(1)):
            continue
        end = parentheses.closing(match.end())
        if end < 0:
            continue
        following = _FOLLOWING.match(text, end)
        symbol = following.group(1) if following else b""
        if not (symbol in {b"{", b"}"} or symbol == b"_" or symbol.isalpha() or symbol in {b"*", b"("}):
            continue
        if symbol in {b"{", b"}"} and _continues(text, match.start(1)):
            if symbol == b"{" and _in_list(text, match.start(1)):
                result.uses.append(RepairedMacro("entries", match.start(1), match.end(), end))
                yield match.start(1), end, None
            continue
        loop = symbol == b"{" or bool(tables.iterators.fullmatch(match.group(1)))
        if not loop and symbol != b"}":
            loop = indentation(text, following.start(1) if following else end) > indentation(text, match.start(1))
        if not loop and symbol in {b"*", b"("}:
            continue
        result.uses.append(RepairedMacro("loop" if loop else "statement", match.start(1), match.end(), end))
        if not loop or match.end() - match.start(1) < 2 or not text[match.end() + 1 : end - 1].strip():
            yield match.start(1), end, None
            continue
        word = b"while" if match.end() - match.start(1) >= 5 else b"if"
        yield match.start(1), match.end(), word.ljust(match.end() - match.start(1))


def _labels(result: Repaired, _: Tables) -> Iterator[Edit]:
    """Blank `CASE64(MSR_X):` with its colon; the labels that it expands to cannot be known from this file alone."""
    text = result.text
    for match in _find(_LABEL, result):
        before = text[max(0, match.start() - 2000) : match.start()]
        statement = max(before.rfind(mark) for mark in (b";", b"{", b"}", b":"))
        # Otherwise a ternary continues here, or a label that began on an earlier line.
        if statement >= 0 and b"?" not in before[statement:] and b"case" not in before[statement:]:
            result.uses.append(RepairedMacro("label", match.start(1), match.start(2), match.end(2)))
            yield match.start(1), match.end(3), None


def _continues(text: bytes, offset: int) -> bool:
    """Tell whether the text at the offset continues an expression or initialiser rather than begins a statement."""
    return visible_before(text, offset) in _OPERATORS or _in_list(text, offset)


def _in_list(text: bytes, offset: int) -> bool:
    """Tell whether an entry of an initialiser begins at the offset."""
    return visible_before(text, offset) == b"," or bool(_LIST_BEGINS.search(text, max(0, offset - 80), offset))


_STEPS: tuple[Callable[[Repaired, Tables], Iterator[Edit]], ...] = (
    _words, _operands, _arguments, _file_scope, _enumerators, _ranges, _types, _small_things, _loops, _labels,
)  # fmt: skip
