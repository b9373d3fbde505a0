"""Register of the capability in QEMU: its number, its value, and the code that exchanges the value with the kernel."""

from __future__ import annotations

import re

from caplint.authoring.qemu import code, enable
from caplint.authoring.qemu.neighbour import QemuNeighbour, declared, neighbour
from caplint.authoring.request import CapabilityRequest, RequestedRegister
from caplint.authoring.style import indented
from caplint.authoring.topic import Topic
from caplint.util.errors import CaplintError

_NUMBER = """
    SELECT number FROM all_msr
    WHERE side = 'now' AND name = ?2 AND number IS NOT NULL ORDER BY tree = ?1 DESC, role = 'kernel' DESC LIMIT 1
"""
# The definitions beside which it goes: of registers that QEMU reads or writes, in the header that has the neighbour's.
_DEFINED = """
    SELECT m.path, m.line, m.number FROM all_msr m
    WHERE m.side = 'now' AND m.tree = ?1
      AND m.path = (SELECT n.path FROM all_msr n WHERE n.side = 'now' AND n.tree = ?1 AND n.name = ?2 LIMIT 1)
      AND m.name IN (SELECT v.msr FROM vmm_msr v WHERE v.tree = ?1) ORDER BY m.number
"""
_TAKEN = "SELECT name, path, line FROM all_msr WHERE side = 'now' AND tree = ?1 AND (name = ?2 OR number = ?3)"
_MEMBERS = """
    SELECT f.path, m.name, m.type, m.line FROM file f JOIN main.member m ON m.blob = f.blob
    JOIN main.condition c ON c.id = m.condition
    WHERE f.tree = ?1 AND m.owner IN (
        SELECT s.owner FROM file h JOIN main.member s ON s.blob = h.blob
        WHERE h.tree = ?1 AND s.name = 'end_reset_fields'
    ) AND f.path IN (
        SELECT h.path FROM file h JOIN main.member s ON s.blob = h.blob WHERE h.tree = ?1 AND s.name = ?2
    ) AND c.text = '1' ORDER BY m.line
"""
_SCALAR = re.compile(r"u?int\d+_t$|bool$")
_DEFINITION = re.compile(r"(#define \w+\s+)\S")


def write(request: CapabilityRequest, topic: Topic) -> None:
    """Write all places of the register except its migration."""
    if request.register is None:
        return
    near = neighbour(topic.workshop)
    _define(request.register, topic, near)
    _add_member(request.register, topic, near)
    _transfer(request, request.register, topic, near)


def member(register: RequestedRegister) -> str:
    """Return the member of the vCPU's state that holds the register."""
    return register.name.lower()


def _number(register: RequestedRegister, topic: Topic) -> int:
    if register.number is not None:
        return register.number
    rows = topic.workshop.rows(_NUMBER, register.name)
    if not rows:
        raise CaplintError(f"--msr {register.name}: no header defines it; add its number, {register.name}=0x...")
    return int(rows[0][0])


def _define(register: RequestedRegister, topic: Topic, near: QemuNeighbour) -> None:
    number = _number(register, topic)
    workshop = topic.workshop
    for name, path, line in workshop.rows(_TAKEN, register.name, number):
        if name == register.name:
            return
        raise CaplintError(f"--msr {register.name}: {workshop.tree.name}:{path}:{line}: {name} has number {number:#x}")
    rows = [row for row in workshop.rows(_DEFINED, near.msr) if row[2] is not None]
    if not rows:
        raise workshop.lacks(f"to define {register.name}", f"no header defines {near.msr}")
    before = [row for row in rows if row[2] < number]
    path, line, _ = before[-1] if before else rows[0]
    match = _DEFINITION.match(workshop.line(path, line))
    width = len(match[1]) if match else 0
    added = [f"{f'#define {register.name} ':{width}}{number:#x}"]
    (topic.below if before else topic.above)(path, line, added, "number of the register")


def _add_member(register: RequestedRegister, topic: Topic, near: QemuNeighbour) -> None:
    """Add the member of the vCPU's state; a reset zeroes it if the guest can write it, else keeps it."""
    workshop = topic.workshop
    rows = workshop.rows(_MEMBERS, near.member)
    end = next((line for _, name, _, line in rows if name == "end_reset_fields"), None)
    if end is None:
        raise workshop.lacks(f"to keep {register.name}", "the state of a vCPU does not tell what a reset keeps")
    if any(name == member(register) for _, name, _, _ in rows):
        raise workshop.lacks(f"to keep {register.name}", f"the state of a vCPU has a member {member(register)} already")
    if register.writable:
        places = [(path, line) for path, name, _, line in rows if name == near.member and line < end]
        default = "It becomes 0, as the kernel's does."
    else:
        places = [(path, line) for path, _, kind, line in rows if line > end and _SCALAR.match(kind)][-1:]
        default = "It keeps its value, since no guest can change it."
    if not places:
        raise workshop.lacks(f"to keep {register.name}", f"no member is where {member(register)} could go")
    path, line = places[0]
    decision = indented(
        topic.decision(
            path, f"reset of {register.name}", "What is its value after a reset of the vCPU?", default, code.WIDTH
        ),
        "    ",
    )
    topic.below(path, line, [*decision, f"    uint64_t {member(register)};"], "value of the register")


def _transfer(request: CapabilityRequest, register: RequestedRegister, topic: Topic, near: QemuNeighbour) -> None:
    """Write the flag, and the places that give the value to the kernel and take it back."""
    flag = enable.flag(request)
    if declared(topic.workshop, near.path, flag):
        raise topic.workshop.lacks(f"for {flag}", f"{near.path} has a variable of that name")
    value = f"{near.env}->{member(register)}"
    topic.below(near.path, near.flag, [f"static bool {flag};"], "whether guests have the register")
    decision = indented(
        topic.decision(
            near.path,
            f"value of {register.name}",
            "Which value does a guest read, and is it that of the host?"
            if not register.writable
            else "Must a change in the guest be undone on the host, or at a switch of the vCPU's processor?",
            "It is the vCPU's own, 0 until something sets it, and the host's is not shown."
            if not register.writable
            else "It is the vCPU's own, which QEMU only carries to and from the kernel.",
            code.WIDTH,
        ),
        "    ",
    )
    put = _added(near, flag, register.name, value)
    topic.below(near.path, near.put, [*decision, *put], "gives its value to the kernel")
    get = _added(near, flag, register.name, "0")
    topic.below(near.path, near.get, get, "asks the kernel for its value")
    case = [f"        case {register.name}:", f"            {value} = {near.source};", "            break;"]
    topic.below(near.path, near.taken, case, "takes its value from the kernel")


def _added(near: QemuNeighbour, flag: str, name: str, value: str) -> list[str]:
    """Return the block that adds the register to those that are read or written."""
    call = code.listed(f"        {near.call}(", [near.target, name, value], ");")
    return [f"    if ({flag}) {{", *call, "    }"]
