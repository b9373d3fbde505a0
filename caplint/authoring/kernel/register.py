"""MSR of a capability: its number, its value in each vCPU, get and set cases, and the list of registers to save."""

from __future__ import annotations

import re

from caplint.authoring.kernel.members import member_place
from caplint.authoring.kernel.state import EnabledState, state
from caplint.authoring.request import CapabilityRequest, RequestedRegister
from caplint.authoring.style import Switch, indented, switch_at
from caplint.authoring.topic import Topic
from caplint.authoring.workshop import Workshop

# Lists of registers that the vendor's module may shorten, whatever the host's processor has: those that KVM emulates.
_SAVED = """
    SELECT path, list, line FROM msr_saved
    WHERE tree = ?1 AND NOT feature AND by_vendor AND NOT filtered AND condition = '1'
    ORDER BY path, list, line DESC LIMIT 1
"""
# Switches over MSRs in a file, by the line of their `default`, that with most cases first.
_SWITCHES = """
    SELECT s.function, l.line FROM all_msr_site s
    JOIN code_function d ON d.side = 'now' AND d.tree = s.tree AND d.path = s.path AND d.name = s.function
    JOIN main.case_label k ON k.blob = d.blob AND k.function = s.function AND k.line = s.line
    JOIN main.case_label l ON l.blob = k.blob AND l.function = k.function AND l.selector = k.selector AND l.low IS NULL
    JOIN main.condition c ON c.id = l.condition AND c.text = '1'
    WHERE s.side = 'now' AND s.tree = ?1 AND s.path = ?2 AND s.verb = ?3 AND s.kind = 'case'
    GROUP BY s.function, l.line ORDER BY count(*) DESC, l.line DESC LIMIT 1
"""
_INDEX = """
    SELECT path FROM msr WHERE tree = ?1 AND role = 'kernel' AND path LIKE '%.h' GROUP BY path ORDER BY count(*) DESC
"""
_NUMBERED = "SELECT line, number FROM msr WHERE tree = ?1 AND path = ?2 AND number IS NOT NULL ORDER BY line"
_WIDTH = 64
"""Columns of a case's statements, behind two tabs."""
_DEFINITION = re.compile(r"#define (?:MSR|HV)_\w+\s+0x[0-9a-fA-F]{8}")


def define(request: CapabilityRequest, topic: Topic) -> None:
    """Define the number in the header of MSRs, if no header has it: below the register with the number before it."""
    register = request.register
    if register is None or register.number is None or register.is_defined:
        return
    workshop = topic.workshop
    for (path,) in workshop.rows(_INDEX)[:1]:
        rows = [
            (line, number)
            for line, number in workshop.rows(_NUMBERED, path)
            if _DEFINITION.fullmatch(workshop.line(path, line))
        ]
        before = [row for row in rows if row[1] < register.number]
        if rows:
            line = max(before, key=lambda row: (row[1], row[0]))[0] if before else rows[0][0]
            topic.below(path, line, [_definition(register.name, register.number)], "number of the register")
            return
    raise workshop.lacks(f"to define {register.name}", "no header defines MSRs by plain numbers")


def _definition(name: str, number: int) -> str:
    head = f"#define {name}"
    return head + "\t" * max(1, 5 - len(head) // 8) + f"0x{number:08x}"


def write(request: CapabilityRequest, topic: Topic) -> None:
    """Add the vCPU's member, the get and set cases of the handlers, and the entry in the list of registers to save."""
    register = request.register
    if register is None:
        return
    workshop = topic.workshop
    saved = workshop.rows(_SAVED)
    if not saved:
        raise workshop.lacks(f"to list {register.name}", "no list of emulated MSRs is known")
    path, _, line = saved[0]
    member = register.name.lower()
    place, below, space = member_place(workshop, "x86", "kvm_vcpu_arch", "u64", member)
    sharing = topic.decision(
        place,
        f"sharing of {request.stem}",
        "Do vCPUs of a VM share one value?",
        "Each has its own; user space makes them equal where they must be.",
        _WIDTH + 8,
    )
    lines = [*sharing, f"u64 {member};"]
    topic.below(place, below, indented(lines, space), "value of the register in each vCPU")
    access = _RegisterCases(request, register, topic, state(request, workshop, "x86"))
    for verb, cases in (("get", access.get), ("set", access.set)):
        found = _switch(workshop, path, verb)
        lines = [f"case {register.name}:", *cases(found)]
        reason = "answers reads of the register" if verb == "get" else "takes writes of the register"
        topic.above(path, found.line, indented(lines, found.indent), reason)
    if not workshop.line(path, line).rstrip().endswith(","):
        raise workshop.lacks(f"to list {register.name}", f"{path}:{line} does not end in a comma")
    moving = topic.decision(
        path,
        f"migration of {request.stem}",
        "What if a vCPU moves to another processor or host?",
        "It keeps its value, which user space saves and restores like that of any emulated register.",
        _WIDTH + 8,
    )
    reason = "lists the register, so that user space saves and restores it"
    topic.below(path, line, indented([*moving, f"{register.name},"], "\t"), reason)


def _switch(workshop: Workshop, path: str, verb: str) -> Switch:
    for function, line in workshop.rows(_SWITCHES, path, verb):
        found = switch_at(workshop, path, function, line)
        if found is not None and len(found.parameters) == 2:
            return found
    raise workshop.lacks(f"to {verb} the register", f"no switch of {path} is about MSRs")


class _RegisterCases:
    """Cases of the handlers: a guest needs the capability, user space does not."""

    def __init__(
        self, request: CapabilityRequest, register: RequestedRegister, topic: Topic, enabled: EnabledState
    ) -> None:
        self._stem = request.stem
        self._register = register
        self._topic = topic
        self._enabled = enabled
        self._member = register.name.lower()

    def get(self, found: Switch) -> list[str]:
        """Return the statements of the case that reads."""
        vcpu, info = found.parameters
        note = self._note(
            found,
            f"host value of {self._stem}",
            "May a guest see the value of the host's processor?",
            "No: it sees the vCPU's own value, which user space sets.",
        )
        return [*self._gate(found), *note, f"\t{info}->data = {vcpu}->arch.{self._member};", "\tbreak;"]

    def set(self, found: Switch) -> list[str]:
        """Return the statements of the case that writes."""
        vcpu, info = found.parameters
        name = self._register.name
        gate = [f"\tif (!{info}->host_initiated)", "\t\treturn 1;"]
        if self._register.writable:
            gate = self._gate(found)
        note = self._note(
            found,
            f"reset of {self._stem}",
            f"What does {name} hold after a reset, and which values are valid?",
            "It is 0 in a new vCPU, a reset leaves it as it is, and every value is taken.",
        )
        return [*gate, *note, f"\t{vcpu}->arch.{self._member} = {info}->data;", "\tbreak;"]

    def _gate(self, found: Switch) -> list[str]:
        """Return the statements by which a guest's access fails where the capability is not enabled."""
        vcpu, info = found.parameters
        enabled = self._enabled.read(f"{vcpu}->kvm")
        return [f"\tif (!{info}->host_initiated &&", f"\t    !{enabled})", "\t\treturn 1;"]

    def _note(self, found: Switch, subject: str, question: str, default: str) -> list[str]:
        return [*indented(self._topic.decision(found.path, subject, question, default, _WIDTH), "\t")]
