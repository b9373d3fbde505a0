"""Places in an enable handler where a test of the request may be put: at the start of a case, or above the switch."""

from __future__ import annotations

import re
from typing import NamedTuple

from caplint.findings.fix import LineEdit
from caplint.fixes.workbench import Workbench

_COMMENT = r"(?:\s*/\*[^*]*\*/)?\s*"
_SWITCH = re.compile(r"\tswitch \((\w+)(->|\.)cap\) \{" + _COMMENT)
_LABEL = re.compile(r"(\t+)case \w+:( \{)?" + _COMMENT)
_ENDED = re.compile(r"\t+(?:break|continue|goto \w+|return\b[^;]*);" + _COMMENT)
_DECLARATION = re.compile(r"\t+(?!return|goto|case|break|continue)[A-Za-z_][\w ]*[ *]\*?\w+(?:\[\w*\])?(?: = [^;]*)?;")
_PROLOGUE = re.compile(
    r"\t+(?:if \(.*|[^()]*\)|return -E\w+;|\w+ = [^();]+;)|" + _DECLARATION.pattern + r"|\t(?:/\*.*\*/)?|"
)
_BESIDE = re.compile(r"#\s*(?:if|ifdef|ifndef|endif|else|elif)\b.*|\t+/\*[^*]*\*/|")
_MOST_LINES = 2_000
"""Lines between a switch and one of its cases."""
_MOST_LABELS = 50
_LONGEST = 80
"""Columns of a line of the kernel's code, if it can be broken."""
_TAB = 8


class HandlerCase(NamedTuple):
    """Case of an enable handler in the kernel's style, reached by its own labels only."""

    place: tuple[str, str]
    """Tree and path."""
    request: str
    """Text in front of a member of the request: `cap->`."""
    switch: int
    """Line of the switch."""
    last_label: int
    start: int
    """Line in front of the first statement: the label, the last declaration, or the end of a test of the flags."""
    indent: str
    """Indentation of the case's statements."""


def handler_case(bench: Workbench, place: tuple[str, str], first: int, line: int) -> HandlerCase | None:
    """Return the case whose first label and one other label stand at two lines; None if it is written otherwise.

    A test at its start returns early, so nothing above the switch may take a lock or any other resource.
    """
    label = _LABEL.fullmatch(bench.line(*place, first) or "")
    switch = _switch(bench, place, first)
    if (
        label is None
        or switch is None
        or not first <= line < first + _MOST_LABELS
        or not _is_entered(bench, place, first)
    ):
        return None
    last, opened = first, label[2]
    while (other := _LABEL.fullmatch(bench.line(*place, last + 1) or "")) and not opened:
        last, opened = last + 1, other[2]
        if other[1] != label[1] or last - first > _MOST_LABELS:
            return None
    if last < line or not _is_plain(bench, place, switch):
        return None
    names = _SWITCH.fullmatch(bench.line(*place, switch) or "")
    request = f"{names[1]}{names[2]}" if names else ""
    indent = label[1] + "\t"
    start = _behind_declarations(bench, place, last) if opened else last
    flags = [f"{indent}if ({request}flags)", f"{indent}\treturn -EINVAL;"]
    if [bench.line(*place, start + 1), bench.line(*place, start + 2)] == flags:
        start += 2
    return HandlerCase(place, request, switch, last, start, indent)


def in_case(bench: Workbench, case: HandlerCase, condition: str) -> LineEdit | None:
    """Return the edit that refuses a request at the start of a case if a condition holds.

    A case that begins with `r = -EINVAL;`, as those of x86 do, leaves by `break`.
    """
    text, below = (bench.line(*case.place, case.start + number) or "" for number in (0, 1))
    if re.fullmatch(rf"{case.indent}\w+ = -EINVAL;", below):
        test = [*_condition(case.indent, condition), f"{case.indent}\tbreak;"]
        return bench.replaced(*case.place, case.start + 1, [below, *test])
    test = [*_condition(case.indent, condition), f"{case.indent}\treturn -EINVAL;"]
    return bench.replaced(*case.place, case.start, [text, *test])


def _condition(indent: str, condition: str) -> list[str]:
    """Return the head of an `if`, with the bits of a long mask below each other."""
    line = f"{indent}if ({condition})"
    width = len(line.expandtabs(_TAB))
    before, opened, bits = line.partition("~(")
    if width <= _LONGEST or not opened:
        return [line]
    first, *others = bits.split(" | ")
    tabs, spaces = divmod(len(f"{before}{opened}".expandtabs(_TAB)), _TAB)
    lines = [f"{before}{opened}{first}", *("\t" * tabs + " " * spaces + name for name in others)]
    return [*(f"{text} |" for text in lines[:-1]), lines[-1]]


def above_switch(bench: Workbench, case: HandlerCase, condition: str) -> LineEdit | None:
    """Return the edit that refuses a request above the switch if a condition holds."""
    text = bench.line(*case.place, case.switch) or ""
    above = bench.line(*case.place, case.switch - 1)
    blank = [] if above in {"", "{"} else [""]
    test = [f"\tif ({condition})", "\t\treturn -EINVAL;", ""]
    return bench.replaced(*case.place, case.switch, [*blank, *test, text])


def hands_on(bench: Workbench, case: HandlerCase) -> bool:
    """Return whether the code from the default label on mentions the request, so that others may decide about it."""
    name = re.compile(rf"\b{re.escape(case.request.rstrip('->.'))}\b")
    inside = False
    for number in range(case.last_label, case.last_label + _MOST_LINES):
        text = bench.line(*case.place, number)
        if text is None or text.startswith("}"):
            return not inside
        inside = inside or text.startswith("\tdefault:")
        if inside and name.search(text):
            return True
    return True


def statements(bench: Workbench, case: HandlerCase) -> list[str]:
    """Return the lines of a case behind its start, up to the next label of the switch."""
    lines: list[str] = []
    for number in range(case.start + 1, case.start + _MOST_LINES):
        text = bench.line(*case.place, number)
        if text is None or text.startswith(("}", f"{case.indent[:-1]}case ", f"{case.indent[:-1]}default:")):
            break
        lines.append(text)
    return lines


def _switch(bench: Workbench, place: tuple[str, str], line: int) -> int | None:
    """Return the line of the switch over the capability that a label at the depth of its cases belongs to."""
    for number in range(line - 1, max(line - _MOST_LINES, 0), -1):
        text = bench.line(*place, number) or ""
        if _SWITCH.fullmatch(text):
            return number
        if text[:1] in {"{", "}"} or text.startswith("\tswitch"):
            return None
    return None


def _is_plain(bench: Workbench, place: tuple[str, str], switch: int) -> bool:
    """Return whether there are only declarations, assignments and refusals above a switch."""
    for number in range(switch - 1, max(switch - _MOST_LABELS, 0), -1):
        text = bench.line(*place, number)
        if text == "{":
            return True
        if text is None or _PROLOGUE.fullmatch(text) is None:
            return False
    return False


def _is_entered(bench: Workbench, place: tuple[str, str], first: int) -> bool:
    """Return whether a case is reached by its labels only: no case falls through into it."""
    number = first - 1
    while (beside := bench.line(*place, number)) is not None and _BESIDE.fullmatch(beside):
        number -= 1
    text = beside or ""
    if _SWITCH.fullmatch(text):
        return True
    indent = _LABEL.sub(r"\1", bench.line(*place, first) or "")
    if text == f"{indent}}}":
        text = bench.line(*place, number - 1) or ""
    # A statement that stands deeper may be that of a branch.
    return _ENDED.fullmatch(text) is not None and len(text) - len(text.lstrip("\t")) == len(indent) + 1


def _behind_declarations(bench: Workbench, place: tuple[str, str], label: int) -> int:
    """Return the last line of the declarations, and of the empty line below them, at the start of a block."""
    number = label
    while _DECLARATION.fullmatch(bench.line(*place, number + 1) or ""):
        number += 1
    return number + 1 if number > label and bench.line(*place, number + 1) == "" else number
