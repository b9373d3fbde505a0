"""Which structure a pointer to a function is a member of, by the types that are declared."""

from __future__ import annotations

import re

from caplint.graph.outlines import FileOutline
from caplint.graph.program_index import Kept, Program, plain_type, static_slot
from caplint.knowledge.load import knowledge

_STEP = re.compile(r"\s*(?:->|\.)\s*(\w+)\s*((?:\[[^\]]*\]\s*)*)")
_NAMED = re.compile(r"[(*&\s]*([A-Za-z_]\w*)\s*((?:\[[^\]]*\]\s*)*)(?=->|\.)")
_CAST = re.compile(r"\(+\s*\(\s*((?:struct\s+|union\s+|const\s+)*\w+)\s*\*\s*\)[^()]*\)(?=\s*->)")
_CALLED = re.compile(r"\(*\s*([A-Za-z_]\w*)\s*\([^()]*(?:\([^()]*\)[^()]*)*\)(?=\s*(?:->|\.))")
_COMPONENT = re.compile(r"\.(\w+)|\[\]|#(\d+)")
_CLASS = re.compile(r"(\w+?)(?:_GET_CLASS|_CLASS)\Z")

Slot = tuple[str | None, str]
"""Structure (None: not known) and member; of an array `=name` and `[]`."""


class Receivers:
    """Answers by what has been looked at, and notes what should be."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.missing: set[str] = set()
        """Words whose files would tell more."""

    def called(self, file: FileOutline, owner: int, chain: str) -> Slot | None:
        """The slot that a call goes through; None where the expression is no member."""
        if (static := static_slot(chain)) is not None:
            return static
        chain = chain.strip()
        while chain.startswith("(") and chain.endswith(")"):
            chain = chain[1:-1].strip().lstrip("*").strip()
        if (element := re.match(r"\*?\s*(\w+)\s*\[", chain)) and not re.search(r"->|\.", chain):
            return f"={element[1]}", "[]"
        return self.target(file, owner, chain)

    def target(self, file: FileOutline, owner: int, chain: str) -> Slot | None:
        """The slot that a chain of members ends in."""
        steps = list(_STEP.finditer(chain))
        if not steps:
            return None
        begin = self._base(file, owner, chain)
        if begin is None:
            return None, steps[-1][1]
        kind, offset = begin
        found = None
        for step in _STEP.finditer(chain, offset):
            if found is not None:
                kind = self._member(kind, found)
                if not kind:
                    return None, steps[-1][1]
            found = step[1]
        return (self.resolved(kind), found) if found else None

    def _base(self, file: FileOutline, owner: int, chain: str) -> tuple[str, int] | None:
        """Type of what a chain begins with, and where its first step stands."""
        if (cast := _CAST.match(chain)) is not None:
            return plain_type(cast[1]), cast.end()
        if (call := _CALLED.match(chain)) is not None:
            kind = self._returned(call[1], file)
            return (kind, call.end()) if kind else None
        named = _NAMED.match(chain)
        if named is None:
            return None
        kind = self.variable(file, owner, named[1])
        return (kind, named.end()) if kind else None

    def _returned(self, name: str, file: FileOutline) -> str:
        """What a function gives, or a macro that casts to a class of QOM."""
        kinds = {plain_type(found.type) for found in self._program.meant(name, file) if found.type}
        if len(kinds) == 1:
            return kinds.pop()
        if kind := self._cast(name):
            return kind
        self.missing.add(name)
        return ""

    def _cast(self, name: str) -> str:
        """The type that a macro of paths.toml's `casts` makes of a pointer: `X(…)`, `X_CLASS(…)`, `X_GET_CLASS(…)`."""
        match = _CLASS.match(name)
        kind, plain = ("class", match[1]) if match else ("instance", name)
        if not plain.isupper():
            return ""
        self.missing.add(f"@{plain}")
        for use in self._program.registered.get(plain, ()):
            places = knowledge().casts.get(use.macro)
            if (
                places
                and kind in places
                and max(places.values()) < len(use.arguments)
                and use.arguments[places["name"]] == plain
            ):
                return plain_type(use.arguments[places[kind]])
        return ""

    def variable(self, file: FileOutline, owner: int, name: str) -> str:
        """A variable's type: the function's own, the file's, else the only one that any file declares."""
        program = self._program
        for place in ((file.path, owner), (file.path, -1)):
            if kind := program.variables.get(place, {}).get(name):
                return plain_type(kind)
        self.missing.add(f";{name}")
        kinds = {kind for kind in program.globals.get(name, ()) if kind}
        return kinds.pop() if len(kinds) == 1 else ""

    def _member(self, kind: str, name: str) -> str:
        """The type of a structure's member."""
        kind = self.resolved(kind)
        members = self._program.members.get(kind)
        if members is None:
            self.missing.add("{" + kind)
            return ""
        return plain_type(members.get(name, ""))

    def resolved(self, kind: str) -> str:
        """The structure that a type's name stands for, typedefs followed."""
        typedefs = self._program.typedefs
        for _ in range(8):
            if kind in self._program.members or kind not in typedefs:
                break
            kind = typedefs[kind]
        if kind not in self._program.members:
            self.missing.add("{" + kind)
        return kind

    def kept(self, kept: Kept) -> list[Slot]:
        """The slots that an initialiser or an assignment puts a function into."""
        if not kept.path:
            if re.fullmatch(r"\w+", kept.variable):
                return [(f"={kept.variable}", "")]
            if (element := re.fullmatch(r"(\w+)\s*\[[^\]]*\]", kept.variable)) is not None:
                return [(f"={element[1]}", "[]")]
            slot = self.target(kept.file, kept.owner, kept.variable)
            return [slot] if slot is not None else []
        return self._listed(kept)

    def _listed(self, kept: Kept) -> list[Slot]:
        kind = plain_type(kept.type)
        parts = list(_COMPONENT.finditer(kept.path))
        if len(parts) == 1 and parts[0][1] is None:
            slots: list[Slot] = [(f"={kept.variable}", "[]")]
            return slots + self._positional(kind, parts[0][2])
        for part in parts[:-1]:
            # An element of an array is of the array's type.
            if part[1] is not None:
                kind = self._member(kind, part[1])
        last = parts[-1]
        if last[1] is not None:
            return [(self.resolved(kind) if kind else None, last[1])]
        return self._positional(kind, last[2])

    def _positional(self, kind: str, position: str | None) -> list[Slot]:
        kind = self.resolved(kind) if kind else ""
        member = self._program.positions.get(kind, {}).get(int(position)) if position else None
        return [(kind, member)] if member else []
