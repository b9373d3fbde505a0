"""Structures that hold the state of a VM or a vCPU, and whether KVM writes or reads a member."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.knowledge.load import GENERIC, knowledge
from caplint.link.functions.member_uses import BRACKETS, Members

_STEP = re.compile(r"\s*(?:->|\.)\s*")
_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class StateMember:
    """Structure member; `name` is the dotted path from its owner."""

    owner: str
    name: str
    type: str
    array: str
    path: str
    line: int

    @property
    def last(self) -> str:
        """Last component of the dotted path."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class MemberPath:
    """Target of a member chain: the members on its way, outermost first."""

    owner: str
    """Structure of `[msr.state]` in which the chain starts."""
    members: tuple[StateMember, ...]
    unknown: str = ""
    """First step that is not a member of the structure reached so far; empty if all are known."""
    outside: bool = False
    """True if the chain leads on into a structure that the tree does not define."""

    @property
    def member(self) -> str:
        """Dotted path of the last known member, from the structure that contains it."""
        return self.members[-1].name if self.members else ""


@dataclass
class State:
    """Structures of one tree, with every name through which members are written or read."""

    structures: dict[str, dict[str, StateMember]]
    """Tag → dotted path → member."""
    written: set[str] = field(default_factory=set)
    """Last names of chains that are assigned, updated or addressed; names in macro bodies."""
    passed: set[str] = field(default_factory=set)
    """Last names of chains that are used by value; an array passed on may be written."""
    inner: dict[str, set[str]] = field(default_factory=dict)
    """Tag → dotted paths of members that contain further members; filled on demand."""
    roots: list[tuple[str, re.Pattern[str]]] = field(default_factory=list)

    @staticmethod
    def of(connection: sqlite3.Connection, side: str, tree: str, files: Iterable[tuple[str | None, Members]]) -> State:
        """Read the structures of a tree's MSR architecture; `files` gives the member uses of each file."""
        msrs = knowledge().msr
        where = (side, tree, msrs.architecture, GENERIC)
        structures: dict[str, dict[str, StateMember]] = {}
        for owner, name, *rest in connection.execute(
            """SELECT m.owner, m.name, m.type, m.array, f.path, m.line
               FROM temp.all_file f JOIN main.member m ON m.blob = f.blob
               WHERE f.side = ? AND f.tree = ? AND f.arch IN (?, ?) ORDER BY f.path, m.line""",
            where,
        ):
            structures.setdefault(owner, {}).setdefault(name, StateMember(owner, name, *rest))
        state = State(structures, roots=msrs.roots)
        seen = [members for arch, members in files if arch in {msrs.architecture, GENERIC}]
        called = json.dumps(sorted({callee for members in seen for callee in members.handed}))
        macros = {
            name
            for (name,) in connection.execute(
                """SELECT DISTINCT m.name FROM temp.all_file f JOIN main.macro m ON m.blob = f.blob
                   WHERE f.side = ? AND f.tree = ? AND m.parameters IS NOT NULL
                     AND m.name IN (SELECT value FROM json_each(?))
                   EXCEPT SELECT name FROM code_function WHERE side = ? AND tree = ?""",
                (side, tree, called, side, tree),
            )
        }
        for members in seen:
            state._add(members, macros)
        return state

    def _add(self, members: Members, macros: set[str]) -> None:
        self.passed.update(members.passed)
        self.written.update(members.written)
        # A macro may write its arguments, as rdmsrl() does; a function cannot write what it gets by value.
        for callee, names in members.handed.items():
            if (callee in macros and not kernel_idioms().is_inert(callee)) or kernel_idioms().assigns(callee):
                self.written.update(names)

    def place(self, chain: str) -> MemberPath | None:
        """Return the target of a chain, None if it does not start in a known structure."""
        bare = BRACKETS.sub("", chain)
        for owner, root in self.roots:
            for match in root.finditer(bare):
                rest = [step.strip() for step in _STEP.split(bare[match.end() :]) if step.strip()]
                if rest and owner in self.structures and _STEP.match(bare[match.end() :]):
                    return self._walk(owner, rest)
        return None

    def _inner(self, structure: str) -> set[str]:
        """Return the dotted paths of members that contain further members in the same structure."""
        if structure not in self.inner:
            names = self.structures[structure]
            self.inner[structure] = {name[:at] for name in names for at, letter in enumerate(name) if letter == "."}
        return self.inner[structure]

    def _walk(self, owner: str, steps: list[str]) -> MemberPath:
        members: list[StateMember] = []
        structure, prefix = owner, ""
        for step in steps:
            if not _NAME.fullmatch(step):
                return MemberPath(owner, tuple(members), outside=True)
            name = f"{prefix}{step}"
            member = self.structures[structure].get(name)
            if member is None:
                return MemberPath(owner, tuple(members), unknown=step)
            members.append(member)
            tag = _tag(member.type)
            if name in self._inner(structure):
                prefix = f"{name}."
            elif tag in self.structures:
                structure, prefix = tag, ""
            else:
                rest = steps[steps.index(step) + 1 :]
                return MemberPath(owner, tuple(members), outside=bool(rest))
        return MemberPath(owner, tuple(members))

    def is_written(self, place: MemberPath) -> bool:
        """Tell whether any code may write the target: by assignment, by address, or as an array passed on."""
        return any(
            member.last in self.written or ((member.array or "*" in member.type) and member.last in self.passed)
            for member in place.members
        )


def _tag(kind: str) -> str:
    """Return the tag of the structure that a member is or points to."""
    return kind.replace("*", "").replace("const", "").strip().removeprefix("struct ").removeprefix("union ").strip()
