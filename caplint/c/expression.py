"""Parser of `#if` expressions to boolean formulas; non-boolean parts become atoms."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache

from caplint.c.formula import Formula, Literal, conjunction, disjunction, implies, negation

# Deeper or longer conditions are not hand-written; their whole text becomes one atom.
MAX_DEPTH = 60
MAX_LENGTH = 4096
_MAX_ATOM = 160

_TOKEN = re.compile(
    r"""\s*(?: (?P<defined> defined\s*(?:\(\s*(\w+)\s*\)|(\w+)) )
             | (?P<enabled> IS_(?:ENABLED|BUILTIN|REACHABLE|MODULE)\s*\(\s*(\w+)\s*\) )
             | (?P<operator> && | \|\| | !(?!=) | \( | \) )
             | (?P<other> \w+ | '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | [<>=!]= | << | >> | . ) )""",
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"\w+\Z")
_INTEGER = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)[uUlL]*\Z")

# Undefined in every C translation unit of these projects; the text under them is not C and is not read.
NEVER = frozenset({"__ASSEMBLY__", "__ASSEMBLER__", "__cplusplus"})
# `headers_install` removes code under __KERNEL__, so a UAPI header is read as user space gets it.
USER_SPACE = {"defined(__KERNEL__)": False, "__KERNEL__": False}


class _TooDeepError(Exception):
    pass


def defined(name: str) -> Formula:
    """Return the formula of `#ifdef name`. A Kconfig symbol is its own atom, so that it reads as in Kconfig."""
    if name in NEVER:
        return False
    return Literal(name if name.startswith("CONFIG_") else f"defined({name})")


def _kconfig_macro(macro: str, name: str) -> Formula:
    """Return the formula of `IS_…(name)` (include/linux/kconfig.h); the atom `name_MODULE` means a module."""
    built, module = defined(name), defined(f"{name}_MODULE")
    if macro == "IS_BUILTIN":
        return conjunction([built, negation(module)])
    if macro == "IS_MODULE":
        return conjunction([built, module])
    if macro == "IS_REACHABLE":
        return conjunction([built, disjunction([negation(module), defined("MODULE")])])
    return built


@lru_cache(maxsize=4096)
def parse(text: str) -> Formula:
    """Return the formula of `#if text`. Text that cannot be parsed becomes one opaque atom."""
    if len(text) > MAX_LENGTH:
        return _opaque(text)
    tokens = [(match.lastgroup or "", match) for match in _TOKEN.finditer(text.strip())]
    try:
        parser = _ConditionParser(tokens)
        formula = parser.either(0)
    except _TooDeepError:
        return _opaque(text)
    return formula if parser.at_end else _opaque(text)


def covered(condition: str, others: Iterable[str]) -> bool:
    """Tell whether one of several presence conditions holds in every configuration of a first one."""
    return implies(parse(condition), disjunction(map(parse, others)))


def quoted(text: str) -> Literal:
    """Return an atom for an unparsed condition of another language; `parse` maps its text to the same atom."""
    return Literal('"' + " ".join(re.sub(r'["\\\\]', "'", text).split())[:80].strip() + '"')


def is_quoted(atom: str) -> bool:
    """Tell whether an atom was built by `quoted`."""
    return atom.startswith('"')


def _opaque(text: str) -> Formula:
    words = " ".join(text.split())
    if len(words) > _MAX_ATOM:  # the hash distinguishes atoms that begin alike
        words = f"{words[:_MAX_ATOM]}…{hashlib.sha256(words.encode()).hexdigest()[:8]}"
    return Literal(words or "(empty)")


class _ConditionParser:
    """Recursive-descent parser of `||`, `&&`, `!` and parentheses; other operators become part of atoms."""

    def __init__(self, tokens: list[tuple[str, re.Match[str]]]) -> None:
        self._tokens = tokens
        self._position = 0

    @property
    def at_end(self) -> bool:
        return self._position >= len(self._tokens)

    def either(self, depth: int) -> Formula:
        operands = [self._both(depth)]
        while self._take("||"):
            operands.append(self._both(depth))
        return disjunction(operands)

    def _both(self, depth: int) -> Formula:
        operands = [self._unary(depth)]
        while self._take("&&"):
            operands.append(self._unary(depth))
        return conjunction(operands)

    def _unary(self, depth: int) -> Formula:
        start = self._position
        formula = self._operand(depth)
        if formula is not None and self._at_boundary():
            return formula
        self._position = start
        return self._atom()

    def _operand(self, depth: int) -> Formula | None:
        """Parse a negation, a group, a `defined` or a name; None if the next token starts something else."""
        if depth > MAX_DEPTH:
            raise _TooDeepError
        if self._take("!"):
            inner = self._operand(depth + 1)
            return None if inner is None else negation(inner)
        if self._take("("):
            inner = self.either(depth + 1)
            return inner if self._take(")") else None
        if self.at_end:
            return None
        kind, match = self._tokens[self._position]
        if kind in {"defined", "enabled"}:
            self._position += 1
            name = next((name for name in match.groups()[1:] if name and name.isidentifier()), None)
            if name is None:
                return None
            return defined(name) if kind == "defined" else _kconfig_macro(match.group(kind).split("(")[0].strip(), name)
        return self._name() if _WORD.match(self._word()) else None

    def _name(self) -> Formula:
        """Parse a macro name and its optional arguments as one atom."""
        words = [self._word()]
        self._position += 1
        nesting = 0
        while not self.at_end and (nesting or self._word() == "("):
            word = self._word()
            nesting += (word == "(") - (word == ")")
            words.append(word)
            self._position += 1
        return _atom(words)

    def _atom(self) -> Formula:
        """Parse everything up to the next `&&`, `||` or `)` of this level as one atom."""
        words: list[str] = []
        nesting = 0
        while not self.at_end:
            word = self._word()
            if nesting == 0 and word in {"&&", "||", ")"}:
                break
            nesting += (word == "(") - (word == ")")
            words.append(word)
            self._position += 1
        return _atom(words)

    def _word(self) -> str:
        return " ".join(self._tokens[self._position][1].group().split())

    def _at_boundary(self) -> bool:
        return self.at_end or self._word() in {"&&", "||", ")"}

    def _take(self, operator: str) -> bool:
        if self.at_end or self._word() != operator:
            return False
        self._position += 1
        return True


def _atom(words: list[str]) -> Formula:
    if len(words) == 1:
        if number := _INTEGER.match(words[0]):
            return int(number.group(1), 0 if number.group(1)[1:2] in "xXbB" else 10) != 0
        if words[0] in NEVER:
            return False
    spaced = " ".join(words)
    return Literal(re.sub(r"(?<=[(!~]) | (?=[(),])", "", spaced) or "(empty)")
