"""State that enabling a capability sets: a member of a VM's or vCPU's structure, or a bit of a VM's flags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from caplint.authoring.kernel.members import member_place, members
from caplint.authoring.request import CapabilityRequest
from caplint.authoring.style import guard_end, indented
from caplint.authoring.topic import Topic
from caplint.authoring.workshop import Workshop
from caplint.knowledge.load import GENERIC
from caplint.util.errors import CaplintError

_FLAGS = """
    SELECT m.name, m.body, m.line FROM file f JOIN main.macro m ON m.blob = f.blob
    WHERE f.tree = ?1 AND f.path = ?2 AND m.name GLOB 'KVM_ARCH_FLAG_*' AND m.parameters IS NULL ORDER BY m.line
"""
_ACCESSORS = """
    SELECT m.line FROM file f JOIN main.macro m ON m.blob = f.blob JOIN main.condition c ON c.id = m.condition
    WHERE f.tree = ?1 AND f.path = ?2 AND json_array_length(m.parameters) = 1 AND m.body GLOB '*->arch.*'
      AND c.text = '1'
    ORDER BY m.line DESC LIMIT 1
"""
_NAMED = """
    SELECT f.path, m.line FROM file f JOIN main.macro m ON m.blob = f.blob WHERE f.tree = ?1 AND m.name = ?2
    UNION ALL SELECT path, line FROM code_function WHERE side = 'now' AND tree = ?1 AND name = ?2
"""
_BIT = re.compile(r"\(?(0[xX][0-9a-fA-F]{1,2}|0|[1-9][0-9]?)\)?")
_WIDTH = 72
"""Columns of a member's line, behind a tab."""
_SUFFIX = {"none": "enabled", "bool": "enabled", "mask": "mask", "size": "size", "fd": "eventfd"}
_TYPE = {"none": "bool ", "bool": "bool ", "mask": "u64 ", "size": "u64 ", "fd": "struct eventfd_ctx *"}


@dataclass(frozen=True)
class EnabledState:
    """State of one architecture, or of shared code."""

    path: str
    """Header that declares it."""
    line: int
    """Line of the header below which it is declared."""
    declaration: str
    variable: str
    """Parameter through which code reaches it: kvm, vcpu."""
    member: str
    """Chain of members behind the variable, such as `arch.foo_enabled`; of a flag that of all flags."""
    flag: str | None
    """Bit of the flags; None for a member of its own."""

    def read(self, owner: str) -> str:
        """Return the expression that reads it; `owner` is the VM or vCPU."""
        return f"test_bit({self.flag}, &{owner}->{self.member})" if self.flag else f"{owner}->{self.member}"

    def store(self, owner: str, value: str) -> list[str]:
        """Return the statements that set it to a value, `true` or an argument."""
        if self.flag is None:
            return [f"{owner}->{self.member} = {value};"]
        bit = f"_bit({self.flag}, &{owner}->{self.member});"
        if value == "true":
            return [f"set{bit}"]
        return [f"if ({value})", f"\tset{bit}", "else", f"\tclear{bit}"]


def state(request: CapabilityRequest, workshop: Workshop, arch: str) -> EnabledState:
    """Return the state of a capability that can be enabled.

    Raises `CaplintError` if there is no place for it, or its name is taken.
    """
    owner, variable = {"vm": ("kvm_arch", "kvm"), "vcpu": ("kvm_vcpu_arch", "vcpu")}[request.scope]
    owner = owner.removesuffix("_arch") if arch == GENERIC else owner
    kind = request.arguments.kind
    name = f"{request.member}_{_SUFFIX[kind]}"
    own = members(workshop, arch, owner)
    path = own[0].path
    chain = "" if arch == GENERIC else "arch."
    flags = workshop.rows(_FLAGS, path)
    bits = {line: int(match[1], 0) for _, body, line in flags if (match := _BIT.fullmatch(body))}
    if kind in {"none", "bool"} and variable == "kvm" and bits and any(member.name == "flags" for member in own):
        flag = f"KVM_ARCH_FLAG_{request.stem}_ENABLED"
        want_new(workshop, flag)
        last = max(bits, key=lambda line: (bits[line], line))
        declaration = _aligned(workshop.line(path, last), flag, bits[last] + 1)
        return EnabledState(path, last, declaration, variable, f"{chain}flags", flag)
    path, line, space = member_place(workshop, arch, owner, _TYPE[kind].strip(), name)
    return EnabledState(path, line, f"{space}{_TYPE[kind]}{name};", variable, f"{chain}{name}", None)


def write(request: CapabilityRequest, topic: Topic) -> None:
    """Declare the state, its limits, and how the rest of KVM asks for it."""
    for arch in request.archs if request.has_state else ():
        found = state(request, topic.workshop, arch)
        note = topic.decision(
            found.path,
            f"migration of {request.name}",
            "Who carries this state to another host?",
            f"User space, which {'enables the capability' if request.enabled else f'issues {request.setter}'} there"
            " with the same arguments.",
            _WIDTH,
        )
        lines = [*indented(note, "\t"), found.declaration]
        topic.below(found.path, found.line, lines, "state that enabling sets")
    for arch in request.archs:
        _define(request, topic, arch)


def limit(request: CapabilityRequest) -> str:
    """Return the macro of the valid values: all bits of a mask, or the largest number."""
    return request.macro("VALID_MASK" if request.arguments.kind == "mask" else "MAX")


def _define(request: CapabilityRequest, topic: Topic, arch: str) -> None:
    """Define the limits of a capability and the macro that reads its state."""
    has_limit = request.arguments.kind in {"mask", "size"} or request.answer == "count"
    has_reader = request.has_state and request.register is None and request.arguments.kind != "fd"
    if not has_limit and not has_reader:
        return
    workshop = topic.workshop
    path = members(workshop, arch, "kvm" if arch == GENERIC else "kvm_arch")[0].path
    new = [*_limits(request, topic, path), *(_reader(request, workshop, arch) if has_reader else ())]
    accessors = workshop.rows(_ACCESSORS, path)
    if accessors:
        line = accessors[0][0]
        while workshop.line(path, line).endswith("\\"):
            line += 1
        topic.below(path, line, ["", *new], "what is valid, and how KVM asks for the state")
        return
    end = guard_end(workshop, path)
    if end is None:
        raise workshop.lacks(f"to define {limit(request)}", f"{path} has no guard at whose end it could stand")
    topic.above(path, end, [*new, ""], "what is valid, and how KVM asks for the state")


def _limits(request: CapabilityRequest, topic: Topic, path: str) -> Iterator[str]:
    """Yield the definition of the valid bits, or of the largest number."""
    if request.arguments.kind == "mask":
        bits = [request.macro(bit.name) for bit in request.arguments.bits]
        yield f"#define {limit(request)} \\"
        yield f"\t({bits[0]}{'' if len(bits) > 1 else ')'}" + (" | \\" if len(bits) > 1 else "")
        yield from (f"\t {bit} | \\" for bit in bits[1:-1])
        yield from (f"\t {bit})" for bit in bits[1:][-1:])
    elif request.answer == "count" or request.arguments.kind == "size":
        yield from topic.decision(
            path, f"largest {request.stem}", "Which number is the largest that can be served?", "It is 4096 for now."
        )
        yield f"#define {limit(request)} 4096"


def _reader(request: CapabilityRequest, workshop: Workshop, arch: str) -> Iterator[str]:
    """Yield the macro by which the rest of KVM asks whether, or with which value, the capability is enabled."""
    found = state(request, workshop, arch)
    name = f"kvm_{request.member}_{_SUFFIX[request.arguments.kind]}"
    want_new(workshop, name)
    yield f"#define {name}({found.variable}) \\"
    yield f"\t({found.read(f'({found.variable})')})"


def _aligned(pattern: str, name: str, value: int) -> str:
    """Return the definition of a flag, its value aligned with that of another flag."""
    match = re.match(r"(\s*#\s*define\s+)(\w+)(\s+)", pattern)
    if match is None:
        return f"#define {name} {value}"
    column, space = len(match[0].expandtabs(8)), match[1] + name
    width = len(space.expandtabs(8))
    if "\t" not in match[3] or width >= column:
        return f"{space} {value}"
    return space + "\t" * -(-(column - width) // 8) + str(value)


def want_new(workshop: Workshop, name: str) -> None:
    """Raise `CaplintError` if a macro or function of this name exists."""
    if rows := workshop.rows(_NAMED, name):
        path, line = rows[0]
        raise CaplintError(f"{workshop.tree.name}: {name} exists already, at {path}:{line}; choose another name")
