"""Evaluation of KVM's structures in Rust: written as a C header, which is evaluated, and put back on their lines."""

from __future__ import annotations

import re
from typing import NamedTuple, TypeVar

from caplint.abi.sources import ROOT, RUST, Sources
from caplint.abi.unit import AbiUnit, Unknown, evaluate
from caplint.c.syntax import UnreadableError
from caplint.rust.c_header import c_header

# A file of bindings also holds types of other headers.
_PREFIX = "kvm_"
_Placed = TypeVar("_Placed", bound=NamedTuple)


def evaluate_any(sources: Sources, names: list[str]) -> dict[str, AbiUnit]:
    """Return the units of headers in C or bindings in Rust by ABI name."""
    root = sources.targets.get(("", ROOT), "")
    if not root.endswith(RUST):
        return evaluate(sources, names)
    try:
        header = c_header(sources.files[root].encode("utf-8", "surrogateescape"), _PREFIX)
    except UnreadableError as error:
        return {name: AbiUnit(unknown=[Unknown(root, root, 1, str(error))]) for name in names}
    units = evaluate(Sources({root: header.text}, sources.targets), names)
    lines = _Lines(sources.lines(root), header.lines)
    return {name: lines.placed(unit) for name, unit in units.items()}


class _Lines:
    """Lines of the Rust file, and those that the lines of the C header come from."""

    def __init__(self, text: list[str], origins: tuple[int, ...]) -> None:
        self._text = text
        self._origins = origins

    def placed(self, unit: AbiUnit) -> AbiUnit:
        """Return a unit with the lines and columns of the Rust file."""
        return AbiUnit(
            [
                structure._replace(
                    line=self._line(structure.line), column=self._column(structure.tag, structure.line),
                    members=[member._replace(line=self._line(member.line)) for member in structure.members],
                )
                for structure in unit.structures
            ],
            unit.ioctls,
            [entry._replace(line=self._line(entry.line)) for entry in unit.unknown],
            [
                constant._replace(line=self._line(constant.line), column=self._column(constant.name, constant.line))
                for constant in unit.constants
            ],
        )  # fmt: skip

    def _line(self, line: int) -> int:
        return self._origins[line - 1] if line <= len(self._origins) else 1

    def _column(self, name: str, line: int) -> int:
        own = self._line(line)
        text = self._text[own - 1] if own <= len(self._text) else ""
        match = re.search(rf"\b(?:\w*_)?{re.escape(name)}\b", text)
        return match.start() + 1 if match else 1
