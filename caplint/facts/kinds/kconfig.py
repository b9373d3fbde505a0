"""Kconfig files: symbols with their dependencies, selects and defaults.

The kernel's Documentation/kbuild/kconfig-language.rst defines the language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from caplint.c.expression import MAX_LENGTH, parse, quoted
from caplint.c.formula import Formula, conjunction, text
from caplint.c.syntax import UnreadableError
from caplint.facts.store.records import KconfigDefault, KconfigSelect, KconfigSymbol
from caplint.facts.syntax.build_conditionals import Allowance
from caplint.facts.syntax.logical_lines import MAX_NESTING, logical_lines

_TYPES = frozenset({"bool", "tristate", "int", "hex", "string"})
_OPENING = frozenset({"menu", "choice"})
_CLOSING = frozenset({"endif", "endmenu", "endchoice"})
# Keywords that end an entry and begin nothing relevant.
_APART = frozenset({"comment", "source", "rsource", "osource", "orsource", "mainmenu"})

_VALUE = r"""(?:"[^"]*"|'[^']*'|\$\([^()]*(?:\([^()]*\)[^()]*)*\)|\w+)"""
_OPERAND = re.compile(rf"({_VALUE})(?:\s*(!=|<=|>=|=|<|>)\s*({_VALUE}))?")
_IF = re.compile(r""""[^"]*"|'[^']*'|\bif\b""")
_COMMENT = re.compile(r"""("[^"]*"|'[^']*')|#.*""")
_NAME = re.compile(r"\w+\Z")
_CONSTANTS = {"y": "1", "m": "1", "n": "0"}


@dataclass
class _KconfigBlock:
    """`config` entry or enclosing block; the name is `""` unless it is a `config` entry."""

    name: str
    line: int
    type: str = ""
    prompt: int = 0
    depends: list[Formula] = field(default_factory=list)
    selects: list[tuple[str, str, Formula, int]] = field(default_factory=list)
    defaults: list[tuple[str, Formula, int]] = field(default_factory=list)
    within: Formula | None = None
    """Condition of this block and the enclosing ones; None until it is computed."""


def kconfig(source: bytes) -> Iterator[KconfigSymbol | KconfigSelect | KconfigDefault]:
    """Yield every entry of a file.

    Raises `UnreadableError` for too deep nesting, too long lines and too long conditions.
    """
    blocks: list[_KconfigBlock] = []
    entry = _KconfigBlock("", 0)
    allowance = Allowance()
    for number, line in _statements(source.decode("utf-8", "replace")):
        word, _, rest = line.partition(" ")
        if word in {"config", "menuconfig", "if"} | _OPENING | _CLOSING | _APART:
            yield from _records(blocks, entry, allowance)
            entry = _KconfigBlock(rest.strip() if word in {"config", "menuconfig"} else "", number)
            if word in _CLOSING:
                del blocks[-1:]
            elif word in _OPENING or word == "if":
                blocks.append(entry)
                if word == "if":
                    entry.depends.append(formula(rest))
            if len(blocks) > MAX_NESTING:
                raise UnreadableError(f"nests deeper than {MAX_NESTING}")
        else:
            _option(entry, word, rest.strip(), number)
    yield from _records(blocks, entry, allowance)


def _option(entry: _KconfigBlock, word: str, rest: str, line: int) -> None:
    """Read one line of an entry."""
    value, condition = _split(rest)
    if word in _TYPES:
        entry.type = word
        entry.prompt |= int(bool(rest))
    elif word == "prompt":
        entry.prompt = 1
    elif word in {"def_bool", "def_tristate"}:
        entry.type = word.removeprefix("def_")
        entry.defaults.append((value, condition, line))
    elif word == "default":
        entry.defaults.append((value, condition, line))
    elif word in {"select", "imply"}:
        entry.selects.append((value, word, condition, line))
    elif word == "depends":
        entry.depends.append(formula(rest.removeprefix("on")))


def _records(
    blocks: list[_KconfigBlock], entry: _KconfigBlock, allowance: Allowance
) -> Iterator[KconfigSymbol | KconfigSelect | KconfigDefault]:
    if not _NAME.match(entry.name):
        return
    depends = allowance.spend(conjunction([_within(blocks, allowance), *entry.depends]))
    yield KconfigSymbol(entry.name, entry.type, entry.prompt, text(depends), entry.line)
    for target, kind, condition, line in entry.selects:
        if _NAME.match(target):
            yield KconfigSelect(entry.name, target, kind, text(condition), line)
    for value, condition, line in entry.defaults:
        shown = text(formula(value)) if entry.type in {"bool", "tristate", ""} else value.strip("\"'")
        yield KconfigDefault(entry.name, shown, text(condition), line)


def _within(blocks: list[_KconfigBlock], allowance: Allowance) -> Formula:
    """Return the condition of the blocks around an entry. It is final, because an entry inside them has begun."""
    whole: Formula = True
    for block in blocks:
        if block.within is None:
            block.within = allowance.spend(conjunction([whole, *block.depends]))
        whole = block.within
    return whole


def _split(rest: str) -> tuple[str, Formula]:
    """Return the text before an `if`, and the condition behind it."""
    for match in _IF.finditer(rest):
        if match.group() == "if":
            return rest[: match.start()].strip(), formula(rest[match.end() :])
    return rest, True


def formula(expression: str) -> Formula:
    """Return a Kconfig expression as a formula over CONFIG_ atoms."""
    if len(expression) > MAX_LENGTH:
        return quoted(expression)
    return parse(_OPERAND.sub(_operand, expression))


def _operand(match: re.Match[str]) -> str:
    """Return a symbol, constant or comparison as a C expression."""
    left, operator, right = match.group(1), match.group(2), (match.group(3) or "").strip("\"'")
    if operator is None:
        return _CONSTANTS.get(left.strip("\"'")) or (f"CONFIG_{left}" if _NAME.match(left) else str(quoted(left)))
    if operator not in {"=", "!="} or right not in _CONSTANTS or not _NAME.match(left):
        return str(quoted(match.group()))
    on, module = f"CONFIG_{left}", f"CONFIG_{left}_MODULE"
    equal = {"n": f"!{on}", "y": f"({on} && !{module})", "m": f"({on} && {module})"}[right]
    return equal if operator == "=" else f"!({equal})"


def _statements(source: str) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers, with single blanks and without comments and help texts."""
    indent: int | None = None  # of a help text; 0 until its first line
    for number, line in logical_lines(source):
        depth = len(line.expandtabs(8)) - len(line.expandtabs(8).lstrip())
        if indent is not None:
            if not line.strip():
                continue
            if depth >= max(indent, 1):
                indent = indent or depth
                continue
            indent = None
        bare = " ".join(_COMMENT.sub(lambda match: match.group(1) or "", line).split())
        if bare in {"help", "---help---"}:
            indent = 0
        elif bare:
            yield number, bare
