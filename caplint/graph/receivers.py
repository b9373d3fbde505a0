"""Structure types of function-pointer members, derived from declared types."""

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
"""Structure (None: unknown) and member; for an array `=name` and `[]`, for a variable `=name` and ''."""


class Receivers:
    """Resolver of slots from the files read so far, which records the words of files to read next."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.missing: set[str] = set()
        """Words whose files may contain the missing declarations."""

    def called(self, file: FileOutline, owner: int, chain: str) -> Slot | None:
        """Return the slot that a call goes through; None if the expression is not a member."""
        if (static := static_slot(chain)) is not None:
            return static
        chain = chain.strip()
        while chain.startswith("(") and chain.endswith(")"):
            chain = chain[1:-1].strip().lstrip("*").strip()
        if (element := re.match(r"\*?\s*(\w+)\s*\[", chain)) and not re.search(r"->|\.", chain):
            return f"={element[1]}", "[]"
        return self.target(file, owner, chain)

    def target(self, file: FileOutline, owner: int, chain: str) -> Slot | None:
        """Return the slot at the end of a chain of members; None if it is not such a chain."""
        steps = list(_STEP.finditer(chain))
        if not steps:
            return None
        begin = self._base(file, owner, chain)
        if begin is None:
            return None, steps[-1][1]
        kind, offset = begin
        member = None
        for step in _STEP.finditer(chain, offset):
            if member is not None:
                kind = self._member(kind, member)
                if not kind:
                    return None, steps[-1][1]
            member = step[1]
        return (self.resolved(kind), member) if member else None

    def _base(self, file: FileOutline, owner: int, chain: str) -> tuple[str, int] | None:
        """Return the type of a chain's first operand and the offset of the first member access; None if unknown."""
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
        """Return the type returned by a function or by a QOM cast macro; '' if unknown."""
        kinds = {plain_type(callee.type) for callee in self._program.meant(name, file) if callee.type}
        if len(kinds) == 1:
            return kinds.pop()
        if kind := self._cast(name):
            return kind
        self.missing.add(name)
        return ""

    def _cast(self, name: str) -> str:
        """Return the result type of a cast macro (`casts` in paths.toml): `X(…)`, `X_CLASS(…)`, `X_GET_CLASS(…)`."""
        match = _CLASS.match(name)
        kind, plain = ("class", match[1]) if match else ("instance", name)
        if not plain.isupper():
            return ""
        self.missing.add(f"@{plain}")
        for use in self._program.registered.get(plain, ()):
            positions = knowledge().casts.get(use.macro)
            if (
                positions
                and kind in positions
                and max(positions.values()) < len(use.arguments)
                and use.arguments[positions["name"]] == plain
            ):
                return plain_type(use.arguments[positions[kind]])
        return ""

    def variable(self, file: FileOutline, owner: int, name: str) -> str:
        """Return a variable's type: local, of the file, else the only type that any file declares; '' if unknown."""
        program = self._program
        for scope in ((file.path, owner), (file.path, -1)):
            if kind := program.variables.get(scope, {}).get(name):
                return plain_type(kind)
        self.missing.add(f";{name}")
        kinds = {kind for kind in program.globals.get(name, ()) if kind}
        return kinds.pop() if len(kinds) == 1 else ""

    def _member(self, kind: str, name: str) -> str:
        """Return the type of a structure's member; '' if unknown."""
        kind = self.resolved(kind)
        members = self._program.members.get(kind)
        if members is None:
            self.missing.add("{" + kind)
            return ""
        return plain_type(members.get(name, ""))

    def resolved(self, kind: str) -> str:
        """Return the structure of a type's name, with typedefs resolved."""
        typedefs = self._program.typedefs
        for _ in range(8):
            if kind in self._program.members or kind not in typedefs:
                break
            kind = typedefs[kind]
        if kind not in self._program.members:
            self.missing.add("{" + kind)
        return kind

    def kept(self, kept: Kept) -> list[Slot]:
        """Return the slots that an initializer or an assignment stores a function in."""
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
            # An array's element has the type that the array is declared with.
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
