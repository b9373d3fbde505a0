"""Functions of QEMU that a series changes, and the places in them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from caplint.authoring.workshop import Workshop
from caplint.knowledge.load import GENERIC

_FUNCTION = """
    SELECT path, line, start, stop FROM code_function
    WHERE tree = ?1 AND side = 'now' AND name = ?2 AND coalesce(arch, 'generic') = ?3 ORDER BY path, line
"""
_LABEL = re.compile(r" ?(\w+):\s*$")
_RETURN = re.compile(r"    return (.+);$")
_INTEGER = re.compile(r"    int (?:[^;(]*[ ,])?(ret|r)\b[^(]*;")
_COLUMNS = 80
WIDTH = _COLUMNS - 4
"""Columns left for a line of QEMU's code that is indented by four blanks."""
_INCLUDED = """
    SELECT i.path, i.line FROM file f JOIN main.include i ON i.blob = f.blob JOIN main.condition c ON c.id = i.condition
    WHERE f.tree = ?1 AND f.path = ?2 AND NOT i.system AND c.text = '1' ORDER BY i.line
"""


@dataclass(frozen=True)
class QemuFunction:
    """Definition of a QEMU function, with its lines as they are in the tree."""

    name: str
    path: str
    first: int
    """Line of the return type."""
    last: int
    """Line of the closing brace."""
    lines: tuple[str, ...]

    def variable(self, kind: str) -> str | None:
        """Return the first parameter or variable that points to a structure: `KVMState`."""
        match = re.search(rf"\b{kind} \*(\w+)", "\n".join(self.lines))
        return match and match[1]

    @property
    def result(self) -> str | None:
        """Name of the integer that holds results: `ret` or `r`; None without one."""
        return next((match[1] for text in self.lines if (match := _INTEGER.match(text))), None)


@dataclass(frozen=True)
class FunctionEnd:
    """Return of a function that has succeeded."""

    line: int
    value: str
    label: str | None
    """Label behind it, to which errors go."""


def function(workshop: Workshop, name: str, arch: str) -> QemuFunction:
    """Return the function of an architecture, or of accel/kvm. Raises `CaplintError` if there is none."""
    rows = workshop.rows(_FUNCTION, name, arch)
    if not rows:
        where = "its code for all architectures" if arch == GENERIC else f"its code for {arch}"
        raise workshop.lacks("to enable it", f"{where} has no {name}()")
    path, _, start, stop = rows[0]
    content = workshop.tree.read(path)
    first = content.count(b"\n", 0, start) + 1
    last = first + content.count(b"\n", start, stop)
    lines = tuple(workshop.lines(path)[first - 1 : last])
    if not lines:
        raise workshop.lacks("to enable it", f"{path} is not plain text")
    return QemuFunction(name, path, first, last, lines)


def end_of(workshop: Workshop, found: QemuFunction) -> FunctionEnd:
    """Return the place where a function has succeeded: its last plain return in front of its labels.

    Raises `CaplintError` if there is none.
    """
    end, label = None, None
    for number, text in enumerate(found.lines, found.first):
        if match := _LABEL.match(text):
            label = match[1]
            break
        if match := _RETURN.match(text):
            end = FunctionEnd(number, match[1], None)
    if end is None:
        raise workshop.lacks("to enable it", f"{found.path}: {found.name}() has no plain return at its end")
    return FunctionEnd(end.line, end.value, label)


def unused(workshop: Workshop, name: str) -> str:
    """Return the name of a new function. Raises `CaplintError` if the tree has a function of that name."""
    query = "SELECT path, line FROM code_function WHERE tree = ?1 AND side = 'now' AND name = ?2 LIMIT 1"
    for path, line in workshop.rows(query, name):
        raise workshop.lacks(f"for {name}()", f"{path}:{line} is a function of that name")
    return name


def include_line(workshop: Workshop, path: str, header: str) -> int | None:
    """Return the line below which a header is to be included; None if the file includes it already.

    That is the last header of the same folder, otherwise the first one, which is QEMU's `osdep.h`.
    """
    rows = workshop.rows(_INCLUDED, path)
    if any(name == header for name, _ in rows):
        return None
    if not rows:
        raise workshop.lacks(f"to include {header}", f"{path} includes nothing")
    folder = header.rpartition("/")[0] + "/"
    near = [line for name, line in rows if name.startswith(folder)]
    return int(near[-1] if near else rows[0][1])


def listed(head: str, parts: Sequence[str], tail: str) -> list[str]:
    """Return a call or a head of a function, broken between its parts where a line would be too long.

    `head` ends with the bracket, behind which further lines begin; far to the right they begin four blanks behind it.
    """
    indent = len(head) - len(head.lstrip())
    column = len(head) if len(head) + max(map(len, parts)) + len(tail) <= _COLUMNS else indent + 4
    lines = [head]
    for number, part in enumerate(parts):
        text = part + ("," if number < len(parts) - 1 else tail)
        if not number:
            lines = [head + text] if len(head + text) <= _COLUMNS else [head, " " * column + text]
        elif len(lines[-1]) + 1 + len(text) <= _COLUMNS:
            lines[-1] += f" {text}"
        else:
            lines.append(" " * column + text)
    return lines


def reported(indent: str, words: str, *values: str) -> list[str]:
    """Return a call that reports an error to the user; a long message is broken between words."""
    head = f"{indent}error_report("
    pieces = textwrap.wrap(words, _COLUMNS - len(head) - 4, drop_whitespace=False, break_long_words=False)
    lines = [f'{head if not number else " " * len(head)}"{piece}"' for number, piece in enumerate(pieces)]
    if not values:
        return [*lines[:-1], f"{lines[-1]});"]
    last = f"{', '.join(values)});"
    if len(lines[-1]) + 2 + len(last) <= _COLUMNS:
        return [*lines[:-1], f"{lines[-1]}, {last}"]
    return [*lines[:-1], f"{lines[-1]},", " " * len(head) + last]
