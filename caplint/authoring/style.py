"""Style of the code around a place: how a handler's cases answer, which tests stand above them, how they lock."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from caplint.authoring.workshop import Workshop

# The switches of a handler over capabilities, by the line of their `default`.
_SWITCHES = """
    SELECT h.path, h.function, d.start, l.selector, l.line, l.start FROM handler h
    JOIN code_function d ON d.side = 'now' AND d.tree = h.tree AND d.path = h.path AND d.name = h.function
    JOIN main.case_label l ON l.blob = d.blob AND l.function = h.function AND l.low IS NULL
    JOIN main.condition c ON c.id = l.condition AND c.text = '1'
    JOIN main.case_label k ON k.blob = l.blob AND k.function = l.function AND k.selector = l.selector
    WHERE h.tree = ?1 AND h.verb = ?2 AND h.arch = ?3 AND coalesce(h.scope, '') = ?4 AND k.low GLOB 'KVM_CAP_*'
    GROUP BY l.line ORDER BY h.found_by = 'name' DESC, count(*) DESC, l.line DESC
"""
_FUNCTION = """
    SELECT parameters, start, stop FROM code_function
    WHERE side = 'now' AND tree = ?1 AND path = ?2 AND name = ?3 ORDER BY start LIMIT 1
"""
_LABEL = re.compile(r"\s*(case\b.*:|fallthrough;)\s*(/\*.*\*/\s*)?")
_RETURN = re.compile(r"\s*return ([a-z_]\w*);")


@dataclass(frozen=True)
class Switch:
    """Switch of a handler, and how its cases are written."""

    path: str
    function: str
    parameters: tuple[str, ...]
    first: int
    """Line at which the function begins."""
    last: int
    """Last line of the function."""
    line: int
    """Line above which a new case belongs: that of `default`, or of the labels that share its code."""
    result: str | None
    """Variable that holds the result until the function's end; None if cases return."""
    text: tuple[str, ...]
    """Lines of the function."""

    @property
    def indent(self) -> str:
        """White space in front of a label."""
        label = self.text[self.line - self.first]
        return label[: len(label) - len(label.lstrip())]

    @property
    def flags_tested(self) -> bool:
        """Whether the flags of the request are tested in front of the switch, for all cases."""
        name = re.escape(self.parameters[-1])
        above = " ".join(line.strip() for line in self.text[: self._first_case()])
        return re.search(rf"if \({name}->flags\) (return -EINVAL|goto \w+);", above) is not None

    @property
    def guards(self) -> bool:
        """Whether cases lock by `guard(mutex)`."""
        return self.uses("guard(mutex)")

    def uses(self, word: str) -> bool:
        """Return whether a text occurs in the function."""
        return any(word in line for line in self.text)

    def ends(self, value: str) -> list[str]:
        """Return the statements by which a case ends with a result, without white space in front."""
        return [f"return {value};"] if self.result is None else [f"{self.result} = {value};", "break;"]

    def _first_case(self) -> int:
        return next((at for at, line in enumerate(self.text) if line.lstrip().startswith("switch (")), 0)


def switch(workshop: Workshop, verb: str, arch: str, scope: str = "") -> Switch | None:
    """Return the switch of an architecture's handler that a new case belongs to; None if there is none."""
    for path, function, _, _, line, _ in workshop.rows(_SWITCHES, verb, arch, scope):
        found = switch_at(workshop, path, function, line)
        if found is not None:
            return found
    return None


def switch_at(workshop: Workshop, path: str, function: str, default: int) -> Switch | None:
    """Return the switch of a function whose `default` stands at a line; None if the function cannot be edited."""
    lines = workshop.lines(path)
    rows = workshop.rows(_FUNCTION, path, function)
    if not lines or not rows:
        return None
    parameters, start, stop = rows[0]
    first, last = _line_at(lines, start), _line_at(lines, stop - 1)
    if not first <= default <= last:
        return None  # expanded from a macro
    returned = [match[1] for text in lines[default:last] if (match := _RETURN.fullmatch(text))]
    names = tuple(json.loads(parameters))
    result = returned[-1] if returned and returned[-1] not in names else None
    return Switch(
        path, function, names, first, last, _above_labels(lines, default), result, tuple(lines[first - 1 : last])
    )


def _above_labels(lines: list[str], default: int) -> int:
    """Return the line of the first label that shares the code of `default`."""
    at = default
    for number in range(default - 1, 0, -1):
        if _LABEL.fullmatch(lines[number - 1]):
            at = number
        elif lines[number - 1].strip():
            break
    return at


def _line_at(lines: Iterable[str], offset: int) -> int:
    """Return the line, from 1, that holds a byte of a file."""
    at = 0
    for number, text in enumerate(lines, 1):
        at += len(text.encode()) + 1
        if at > offset:
            return number
    return 0


def indented(lines: Iterable[str], indent: str) -> Iterator[str]:
    """Yield lines below some white space; empty ones stay empty."""
    yield from (f"{indent}{line}" if line else "" for line in lines)


def guard_end(workshop: Workshop, path: str) -> int | None:
    """Return the line of the `#endif` that ends a header's include guard; None without one."""
    lines = workshop.lines(path)
    for number in range(len(lines), 0, -1):
        if re.match(r"#\s*endif\b", lines[number - 1]):
            return number
        if lines[number - 1].strip():
            return None
    return None
