"""Functions that a macro defines where it is used outside functions, and the pointers that it stores them in.

QEMU defines its versioned machines so: `DEFINE_X_MACHINE(10, 0)` expands to `static void NAME(…) { … }` and to
`mc->init = NAME;`, where NAME is pasted together. Nothing is expanded: a function has the text that names it in the
macro's body, so one stands for those of all uses.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

# A name at the end of a text: `f`, `a ## _b`, `NAME(x, y)`.
_NAME = re.compile(r"(\w+(?:\s*##\s*\w+)*)\s*(\([^()]*\))?\s*\Z")
_TYPED = re.compile(r"[\w*]\s*\Z")
_NO_NAMES = frozenset(
    {"if", "while", "for", "switch", "return", "sizeof", "do", "else", "case", "typeof", "__typeof__"}
)
_SKIPPED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
_LONGEST_HEAD = 300
"""Characters in front of parameters or an initialiser that are looked at."""
_BRACKET = re.compile(r"[(){}]")
_STORED = re.compile(r"\b(\w+)\s*->\s*(\w+)\s*=(?!=)\s*&?\s*|\.\s*(\w+)\s*=(?!=)\s*&?\s*")
_BEHIND = re.compile(r"\s*[;,}]")
_REGISTERED = re.compile(r"\b(\w+)\s*\(\s*")


class StoredPointer(NamedTuple):
    """Member that a macro stores one of its functions in."""

    function: str
    type: str
    """Type of the structure, as written."""
    member: str


@dataclass(frozen=True)
class MacroFunctions:
    """Functions of one macro's body."""

    body: str
    """The body with the contents of strings blanked."""
    extents: dict[str, tuple[int, int]]
    """Text that names a function → where its parameters begin, and where it ends."""

    def holder(self, offset: int) -> str | None:
        """Return the function that holds an offset of the body; None outside of them."""
        at = bisect_right(self._places, offset, key=lambda place: place[0]) - 1
        if at < 0:
            return None
        _, stop, name = self._places[at]
        return name if offset < stop else None

    @cached_property
    def _places(self) -> list[tuple[int, int, str]]:
        """Beginning, end and name of each function, in the order of the body."""
        return [(start, stop, name) for name, (start, stop) in self.extents.items()]

    def stored(self) -> Iterator[StoredPointer]:
        """Yield where functions are stored in members of structures whose type the body tells."""
        for match in _STORED.finditer(self.body):
            name = self._named(match.end())
            if name is None:
                continue
            kind = self._declared(match.start(), match[1]) if match[1] else self._initialised(match.start())
            if kind:
                yield StoredPointer(name, kind, match[2] or match[3])

    def passed(self) -> Iterator[tuple[str, str]]:
        """Yield macros, outside functions, with a function that is their only argument: `type_init(NAME)`."""
        for match in _REGISTERED.finditer(self.body):
            name = self._named(match.end(), re.compile(r"\s*\)"))
            if name is not None and self.holder(match.start()) is None:
                yield match[1], name

    def _named(self, offset: int, behind: re.Pattern[str] = _BEHIND) -> str | None:
        """Return the function whose name stands at an offset, with nothing behind it."""
        for name in self.extents:
            stop = offset + len(name)
            if self.body.startswith(name, offset) and behind.match(self.body, stop):
                return name
        return None

    def _declared(self, offset: int, variable: str) -> str:
        """Return the type of a pointer that the function around an offset declares; '' if it does not."""
        holder = self.holder(offset)
        if holder is None:
            return ""
        start, stop = self.extents[holder]
        match = re.compile(rf"(\w+)\s*\*\s*{re.escape(variable)}\b").search(self.body, start, stop)
        return match[1] if match else ""

    def _initialised(self, offset: int) -> str:
        """Return the type of the variable whose initialiser outside functions is around an offset; '' without one."""
        opened = _opened(self.body, offset)
        if opened is None or self.holder(offset) is not None:
            return ""
        head = self.body[max(0, opened - _LONGEST_HEAD) : opened].rstrip()
        if not head.endswith("="):
            return ""
        match = _NAME.search(re.sub(r"\s*\[[^][]*\]\Z", "", head[:-1].rstrip()))
        words = re.findall(r"\w+", head[: match.start()].rpartition(";")[2]) if match else []
        return words[-1] if words else ""


def macro_functions(body: str) -> MacroFunctions:
    """Return the functions that a macro's body defines, in its order."""
    plain = _SKIPPED.sub(lambda match: '"' + " " * (len(match[0]) - 2) + '"', body)
    return MacroFunctions(plain, dict(_functions(plain)))


def _functions(body: str) -> Iterator[tuple[str, tuple[int, int]]]:
    open_brackets: list[tuple[str, int]] = []
    parameters = (0, 0)
    for match in _BRACKET.finditer(body):
        if match[0] in "({":
            open_brackets.append((match[0], match.start()))
        elif open_brackets:
            bracket, start = open_brackets.pop()
            if open_brackets or (bracket == "(") != (match[0] == ")"):
                continue
            if bracket == "(":
                parameters = (start, match.end())
            elif not body[parameters[1] : start].strip() and (name := _defined(body[: parameters[0]])):
                yield name, (parameters[0], match.end())


def _defined(head: str) -> str:
    """Return the name that a definition's parameters follow; '' if the text in front of a `(` is something else."""
    head = head[-_LONGEST_HEAD:]
    match = _NAME.search(head)
    if match is None or match[1] in _NO_NAMES or not _TYPED.search(head[: match.start()]):
        return ""
    return match[0].strip()


def _opened(body: str, offset: int) -> int | None:
    """Return where the outermost brace around an offset opens; None outside of braces."""
    depth, opened = 0, None
    for match in _BRACKET.finditer(body, 0, offset):
        if match[0] == "{":
            opened = match.start() if not depth else opened
            depth += 1
        elif match[0] == "}":
            depth -= 1
    return opened if depth > 0 else None
