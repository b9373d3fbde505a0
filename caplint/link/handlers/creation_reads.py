"""Members of the VM that only the creation of a vCPU reads, so that vCPUs that exist do not see a later change."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.knowledge.load import GENERIC
from caplint.link.functions.callees import Helpers
from caplint.link.functions.member_uses import BRACKETS, POINTED

# Maximum number of calls between a reader and the creation, and of calls of one function.
_DEEPEST = 12
_MOST_CALLS = 64
# Maximum number of members that are read at a time.
_MOST_MEMBERS = 100
_WORD = re.compile(r"\w+")
# A member of the vCPU itself, which often has the name of that of the VM.
OF_VCPU = re.compile(r"\W*vcpu\s*->\s*(?!kvm\b)")

_POINTERS = """
    SELECT 1 FROM main.function d JOIN main.store s ON s.blob = d.blob AND s.start >= d.start AND s.start < d.stop
    WHERE d.blob = ?1 AND d.name = ?2 AND s.target = ?3 AND instr(s.value, 'kvm') LIMIT 1
"""


class Use(NamedTuple):
    """Use of a member in a function."""

    function: str
    path: str
    arch: str
    chain: str
    mode: str
    line: int
    blob: int


class _Sorted:
    """Uses of a member outside handlers, and the functions for which it is not read in the creation only."""

    def __init__(self, uses: list[Use]) -> None:
        self.uses = uses
        self.writers = {use.function for use in uses if use.mode != "read"}
        self.others: set[str] | None = None
        """Functions that read something else, or not in the creation; None until computed."""


class Caller(NamedTuple):
    """Call of a function of the creation, and who makes it."""

    caller: str
    path: str
    arch: str
    blob: int
    start: int


@dataclass
class CreationReads:
    """Uses of members in one side of a tree, and who calls the functions that use them."""

    helpers: Helpers
    handlers: frozenset[str]
    """Handlers of capabilities, whose uses do not count."""
    expected: frozenset[str] = frozenset()
    """Members that handlers write."""
    _known: dict[str, list[Use]] = field(default_factory=dict)
    _sorted: dict[tuple[str, str], _Sorted] = field(default_factory=dict)
    _through_vm: dict[tuple[int, str, str], bool] = field(default_factory=dict)
    _creating: dict[tuple[str, str], bool] = field(default_factory=dict)

    def only_in_creation(self, member: str, arch: str, ignored: frozenset[str]) -> Use | None:
        """Return a read of a member if all reads are parts of the creation of a vCPU, else None.

        A member that the creation writes, or that a macro mentions, is none. `ignored` are functions that enable it.
        """
        if (member, arch) not in self._sorted:
            uses = [use for use in self.uses(member) if arch == GENERIC or use.arch in {arch, GENERIC}]
            self._sorted[member, arch] = _Sorted(
                [use for use in uses if use.function not in self.handlers and not OF_VCPU.match(use.chain)]
            )
        found = self._sorted[member, arch]
        if member in self.in_macros or not found.writers <= ignored:
            return None
        if found.others is None:
            found.others = {use.function for use in found.uses if not self._is_read_by_creation(use)}
        return (
            next((use for use in found.uses if use.function not in ignored), None) if found.others <= ignored else None
        )

    def read_in_creation(self, member: str, arch: str) -> str:
        """Return a function of a vCPU's creation that reads a member, itself or in a helper; '' if none is known."""
        for use in self.uses(member):
            if use.mode != "read" or use.arch not in {arch, GENERIC} or OF_VCPU.match(use.chain):
                continue
            callers = [] if self.is_creation(use.function, use.arch, 0) else self.calls(use.function, use.arch)
            for function in [call.caller for call in callers] or [use.function]:
                if function not in self.handlers and self.is_creation(function, arch, 0):
                    return function
        return ""

    def _is_read_by_creation(self, use: Use) -> bool:
        return self._is_of_vm(use) and self.is_creation(use.function, use.arch, 0)

    def uses(self, member: str) -> list[Use]:
        """Return the uses of a member of any structure, in file order; those of expected members are read at once."""
        if member not in self._known:
            members = [member, *sorted(self.expected - self._known.keys() - {member})][:_MOST_MEMBERS]
            self._known.update((name, []) for name in members)
            named = " OR ".join(["instr(a.chain, ?)"] * len(members))
            for function, path, arch, chain, mode, line, blob in self.helpers.connection.execute(
                f"""SELECT a.function, f.path, f.arch, a.chain, a.mode, a.line, a.blob
                    FROM temp.all_file f JOIN main.access a ON a.blob = f.blob
                    WHERE f.side = ? AND f.tree = ? AND ({named}) ORDER BY f.path, a.start""",  # noqa: S608
                (self.helpers.side, self.helpers.tree, *members),
            ):
                names = POINTED.findall(BRACKETS.sub("", chain))
                for name in set(names).intersection(members):
                    how = mode if name == names[-1] else "inner"
                    self._known[name].append(Use(function or "", path, arch or GENERIC, chain, how, line, blob))
        return self._known[member]

    @cached_property
    def in_macros(self) -> frozenset[str]:
        """Members that macros mention: who expands them is not known."""
        bodies = self.helpers.connection.execute(
            """SELECT DISTINCT m.body FROM temp.all_file f JOIN main.macro m ON m.blob = f.blob
               WHERE f.side = ? AND f.tree = ? AND instr(m.body, 'kvm') AND instr(m.body, '>')""",
            (self.helpers.side, self.helpers.tree),
        )
        return frozenset(name for (body,) in bodies for name in POINTED.findall(body))

    def _is_of_vm(self, use: Use) -> bool:
        """Tell whether a chain leads through the VM, or begins at a local pointer into it."""
        if "kvm" in use.chain:
            return True
        root = _WORD.match(use.chain)
        key = (use.blob, use.function, root.group() if root else "")
        if key not in self._through_vm:
            rows = self.helpers.connection.execute(_POINTERS, key)
            self._through_vm[key] = rows.fetchone() is not None
        return self._through_vm[key]

    def is_creation(self, function: str, arch: str, depth: int = 0) -> bool:
        """Tell whether a function runs only while a vCPU is created."""
        idioms = kernel_idioms()
        if function in idioms.creation:
            return True
        if not function or depth == _DEEPEST:
            return False
        key = (function, arch)
        if key not in self._creating:
            self._creating[key] = False  # for a function that calls itself
            fields = self._fields.get(function, set())
            calls = [call for field_ in fields - idioms.creation_fields for call in self._through.get(field_, [])]
            calls += self.calls(function, arch)
            reached = bool(calls) or bool(fields & idioms.creation_fields)
            self._creating[key] = reached and all(
                self._is_first_reset(call) or self.is_creation(call.caller, call.arch, depth + 1) for call in calls
            )
        return self._creating[key]

    def calls(self, function: str, arch: str) -> list[Caller]:
        """Return the calls of a function; one without a caller stands for too many."""
        rows = self.helpers.connection.execute(
            """SELECT DISTINCT coalesce(k.function, ''), f.path, coalesce(f.arch, 'generic'), k.blob, k.start
               FROM main.call k JOIN temp.all_file f ON f.blob = k.blob
               WHERE k.callee = ? AND f.side = ? AND f.tree = ? LIMIT ?""",
            (function, self.helpers.side, self.helpers.tree, _MOST_CALLS + 1),
        ).fetchall()
        calls = [Caller(*row) for row in rows if arch == GENERIC or row[2] in {arch, GENERIC}]
        return calls if len(rows) <= _MOST_CALLS else [Caller("", "", arch, 0, 0)]

    def _is_first_reset(self, call: Caller) -> bool:
        """Tell whether a call is left out where a vCPU that exists is reset: `if (!init_event) reset(vcpu)`."""
        rows = self.helpers.connection.execute(
            """SELECT expression, negated FROM main.guard_extent
               WHERE blob = ? AND function = ? AND start <= ? AND stop > ? AND kind = 'enclosing'""",
            (call.blob, call.caller, call.start, call.start),
        )
        again = kernel_idioms().reset_again
        plain = [(text.replace("!", "").strip("() "), ("!" in text) != bool(negated)) for text, negated in rows]
        return any(again.fullmatch(text) and fails for text, fails in plain)

    @cached_property
    def _fields(self) -> dict[str, set[str]]:
        """Function → members of tables that hold it."""
        fields: dict[str, set[str]] = {}
        for name, value in self.helpers.connection.execute(
            """SELECT DISTINCT e.field, e.value FROM temp.all_file f JOIN main.table_entry e ON e.blob = f.blob
               WHERE f.side = ? AND f.tree = ?
               UNION
               SELECT DISTINCT s.target, s.value FROM temp.all_file f JOIN main.store s ON s.blob = f.blob
               WHERE f.side = ? AND f.tree = ? AND s.target GLOB '*[.>]*'
                 AND s.value NOT GLOB '*[^A-Za-z0-9_& ]*'""",
            (self.helpers.side, self.helpers.tree) * 2,
        ):
            fields.setdefault(value.lstrip("& "), set()).add(_WORD.findall(name)[-1] if _WORD.search(name) else name)
        return fields

    @cached_property
    def _through(self) -> dict[str, list[Caller]]:
        """Member of a table → calls through it, static calls included."""
        calls: dict[str, list[Caller]] = {}
        for callee, *call in self.helpers.connection.execute(
            """SELECT k.callee, coalesce(k.function, ''), f.path, coalesce(f.arch, 'generic'), k.blob, k.start
               FROM temp.all_file f JOIN main.call k ON k.blob = f.blob
               WHERE f.side = ? AND f.tree = ? AND k.callee GLOB '*[^A-Za-z0-9_]*'""",
            (self.helpers.side, self.helpers.tree),
        ):
            word = _WORD.findall(callee)[-1]
            for name in {word, re.sub(r"^kvm_x86_", "", word)}:
                calls.setdefault(name, []).append(Caller(*call))
        return calls
