"""Facts of tables of the UAPI in tools, which are lowered to C text line by line.

| source | C |
|---|---|
| strace: `KVM_CAP_X 7` | `#define KVM_CAP_X 7` |
| syzkaller: `KVM_CAP_X = 7, arm64:8` | `#define KVM_CAP_X 7` |
| syzkaller: `ioctl$X(fd fd_kvmvm, cmd const[KVM_ENABLE_CAP], arg …[KVM_CAP_X, …]])` | a function with that call |

A line with a capability's name that is none of these is a blind spot, unless it is a comment.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

from caplint.c import MAX_BYTES
from caplint.c.conditions import Problem
from caplint.c.syntax import UnreadableError
from caplint.facts.lowered import facts_of
from caplint.facts.store.records import FileFacts
from caplint.knowledge.capability_names import NAME
from caplint.rust.output import OriginMap, Output

_LONGEST_LINE = 20_000
_NUMBER = r"(?:0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})"
_LISTED = re.compile(rf"\s*({NAME})\s+({_NUMBER})\s*(?:/\*.*\*/)?\s*\Z")
_CONSTANT = re.compile(rf"\s*({NAME})\s*=\s*(.*)\Z")
_ANY_NUMBER = re.compile(rf"(?<![\w?])({_NUMBER})(?![\w:])")
_REQUEST = re.compile(
    r"\s*ioctl\$(\w+)\(\s*\w+\s+(\w+)\s*,\s*\w+\s+const\[KVM_(ENABLE_CAP|CHECK_EXTENSION)\]\s*,\s*\w+\s+(.*)\Z"
)
_CAPABILITY = re.compile(rf"\b({NAME})\b")
# Lines of syzkaller that name a capability otherwise: values of an argument's field.
_VALUES = re.compile(r"\s*\w+\s*=\s*[\w, ]+\Z|\s*define\s")
_COMMENT = re.compile(r"\s*(?:#|/\*|//)")


@dataclass
class _LoweredTable:
    """Lines of a table, and the C text that they were lowered to."""

    line_starts: list[int]
    problems: list[Problem] = field(default_factory=list)
    out: Output = field(default_factory=Output)

    @property
    def file(self) -> _LoweredTable:
        """Source."""
        return self

    @property
    def text(self) -> bytes:
        """C text."""
        return self.out.text()

    @property
    def origins(self) -> OriginMap:
        """Origin of each piece of the text."""
        return OriginMap(self.out.starts, self.out.origins)

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and column of an offset, both from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1


def description_facts(source: bytes, extract: Callable[[bytes], FileFacts]) -> FileFacts:
    """Return the facts of a table; `extract` returns those of C text. Raises `UnreadableError` for one too large."""
    if len(source) > MAX_BYTES:
        raise UnreadableError(f"larger than {MAX_BYTES >> 20} MiB")
    lines = source.split(b"\n")
    starts = [0]
    for line in lines[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    table = _LoweredTable(starts)
    for start, line in zip(starts, lines, strict=True):
        if b"KVM_" not in line:
            continue
        if len(line) > _LONGEST_LINE:
            table.problems.append(Problem(start, start + len(line), f"a line longer than {_LONGEST_LINE:,} bytes"))
        elif not _lower(table, start, line.decode("ascii", "replace").rstrip("\r")):
            table.problems.append(Problem(start, start + len(line), "asks for capabilities in a way that is not known"))
    return facts_of(table, extract)


def _lower(table: _LoweredTable, start: int, line: str) -> bool:
    """Lower one line; return whether it was understood."""
    if _COMMENT.match(line):
        return True
    if match := _LISTED.match(line):
        _define(table, start + match.start(1), match.group(1), match.group(2))
        return True
    if match := _CONSTANT.match(line):
        number = _ANY_NUMBER.search(match.group(2)) or re.search(rf":({_NUMBER})\b", match.group(2))
        if number is not None:
            _define(table, start + match.start(1), match.group(1), number.group(1))
        return number is not None or "???" in match.group(2)
    if match := _REQUEST.match(line):
        return _request(table, start, match)
    return _VALUES.match(line) is not None or _CAPABILITY.search(line) is None


def _define(table: _LoweredTable, origin: int, name: str, number: str) -> None:
    table.out.line()
    table.out.put("#define ")
    table.out.put(name, origin)
    table.out.put(f" {number}\n")


def _request(table: _LoweredTable, start: int, match: re.Match[str]) -> bool:
    """Write a function that enables or checks the capability; one that takes any number is left out."""
    name, descriptor, ioctl, argument = match.groups()
    found = _CAPABILITY.search(argument)
    if found is None:
        return ioctl == "CHECK_EXTENSION"
    out = table.out
    out.line()
    out.put(f"int {name}_{start}(int {descriptor})\n{{\n\t", start)
    if ioctl == "CHECK_EXTENSION":
        out.put(f"return ioctl({descriptor}, KVM_CHECK_EXTENSION, ", start)
        out.put(found.group(1), start + match.start(4) + found.start(1))
        out.put(");\n}\n")
    else:
        out.put("struct kvm_enable_cap request = { .cap = ", start)
        out.put(found.group(1), start + match.start(4) + found.start(1))
        out.put(", .args = { any(), any(), any(), any() } };\n")
        out.put(f"\t(void)ioctl({descriptor}, KVM_ENABLE_CAP, &request);\n\treturn 0;\n}}\n", start)
    return True
