"""Calls of a VMM's wrappers, as QEMU writes them: another callee or first argument, and variables in scope."""

from __future__ import annotations

import re
from typing import NamedTuple

from caplint.findings.fix import LineEdit
from caplint.fixes.workbench import Workbench
from caplint.knowledge.load import Wrapper, knowledge

LONGEST = 90
"""Columns of a line that QEMU's checkpatch.pl lets pass; 80 are wanted."""
KVM_STATE = "kvm_state"
"""QEMU's variable for the one VM of a process, which its header for KVM declares."""
_MOST_LINES = 2_000
_MOST_CALL = 20
_WORD = re.compile(r"[A-Za-z_]\w*")


class FunctionAround(NamedTuple):
    """Function around a line: its text in front of the line, and its other properties."""

    signature: str
    above: list[str]
    rest: str
    """Text of the body without the line."""

    def variables(self, kind: str) -> list[str]:
        """Return the parameters, and the variables of the outermost block declared above, of a pointer type."""
        pattern = re.compile(rf"\b{kind} \*(\w+)\s*[,)=;]")
        found = pattern.findall(self.signature)
        for text in self.above:
            if text.startswith("    ") and text[4:5] not in {"", " "}:
                found += pattern.findall(text)
        return list(dict.fromkeys(found))

    def leaves_unused(self, argument: str, instead: str = "") -> bool:
        """Return whether a local variable of an argument would have no other use with another text in its place."""
        for name in set(_WORD.findall(argument)) - set(_WORD.findall(instead)):
            declared = re.compile(rf"^ +[\w ]*[\w*] \**{name}(?: = .*)?;$", re.MULTILINE)
            if declared.search("\n".join(self.above)):
                others = declared.sub("", self.rest)
                if not re.search(rf"\b{name}\b", others):
                    return True
        return False


class WrapperCall(NamedTuple):
    """Call whose callee and first argument stand on one line."""

    place: tuple[str, str]
    line: int
    start: int
    """Offset of the callee in its line."""
    callee: str
    first: str
    """First argument."""
    lines: list[str]
    """Lines of the whole call."""
    after: str
    """Text behind it on its last line."""


def wrapper_call(bench: Workbench, place: tuple[str, str], line: int, column: int, callee: str) -> WrapperCall | None:
    """Return the call of a wrapper at a place; None if it is written otherwise."""
    text = bench.line(*place, line) or ""
    head = f"{callee}("
    if text.count(head) != 1 or text.find(head) != column - 1 or {'"', "'", "\\"} & set(text[:column]):
        return None
    first = re.match(r"[^(),]+(?:\([^(),]*\))?(?=,(?: |$))", text[column - 1 + len(head) :])
    lines, depth = [], 0
    for number in range(line, line + _MOST_CALL):
        part = bench.line(*place, number)
        if part is None or "/*" in part or "//" in part:
            return None
        own = part[column - 1 :] if number == line else part
        lines.append(part)
        for at, letter in enumerate(own, 1):
            depth += (letter == "(") - (letter == ")")
            if depth == 0 and letter == ")":
                return WrapperCall(place, line, column - 1, callee, first[0], lines, own[at:]) if first else None
    return None


def rewritten_call(bench: Workbench, call: WrapperCall, callee: str, first: str) -> LineEdit | None:
    """Return the edit that gives a call another callee and first argument; arguments below stay aligned."""
    text = call.lines[0]
    stop = call.start + len(call.callee) + 1 + len(call.first)
    moved = len(callee) - len(call.callee)
    align = " " * (call.start + len(call.callee) + 1)
    made = [f"{text[: call.start]}{callee}({first}{text[stop:]}"]
    for part in call.lines[1:]:
        if part.startswith(align) and part[len(align) : len(align) + 1] not in {"", " "}:
            made.append(" " * (len(align) + moved) + part[len(align) :])
        else:
            made.append(part)
    before = max(map(len, call.lines))
    if max(map(len, made)) > max(LONGEST, before):
        return None
    return bench.replaced(*call.place, call.line, made, len(made))


def scope_of(bench: Workbench, place: tuple[str, str], line: int) -> FunctionAround | None:
    """Return the function around a line, whose braces stand at the beginning of lines; None without one."""
    opened = next((n for n in range(line - 1, max(line - _MOST_LINES, 0), -1) if _starts(bench, place, n, "{}")), 0)
    closed = next((n for n in range(line + 1, line + _MOST_LINES) if _starts(bench, place, n, "{}")), 0)
    if bench.line(*place, opened) != "{" or bench.line(*place, closed) != "}":
        return None
    head: list[str] = []
    number = opened - 1
    while (text := bench.line(*place, number)) and not text.endswith((";", "}", "*/")) and opened - number < _MOST_CALL:
        head.insert(0, text)
        number -= 1
    above = [bench.line(*place, n) or "" for n in range(opened + 1, line)]
    below = [bench.line(*place, n) or "" for n in range(line + 1, closed)]
    return FunctionAround(" ".join(head), above, "\n".join([*above, *below]))


def wrappers_of(projects: tuple[str, ...], verb: str, scope: str, request: str | None = None) -> list[Wrapper]:
    """Return the wrappers of some projects that check or enable in a scope."""
    wanted = (projects, verb, scope, request)
    return [one for one in knowledge().wrappers if (one.projects, one.verb, one.scope, one.request) == wanted]


def wrapper_named(callee: str, verb: str, project: str) -> Wrapper | None:
    """Return the wrapper of a project with a name; None if there is none, or it is C's own `ioctl()`."""
    return next(
        (one for one in knowledge().wrappers if (one.callee, one.verb) == (callee, verb) and project in one.projects),
        None,
    )


def _starts(bench: Workbench, place: tuple[str, str], number: int, letters: str) -> bool:
    return (bench.line(*place, number) or " ")[0] in letters
