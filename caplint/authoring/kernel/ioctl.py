"""The capability's own ioctl: its case, and the function that tests user space's value and sets the state."""

from __future__ import annotations

import re
from dataclasses import dataclass

from caplint.authoring.ioctl_argument import MEMBERS, has_structure
from caplint.authoring.kernel.change import Given, StateChange
from caplint.authoring.kernel.state import state, want_new
from caplint.authoring.request import CapabilityRequest
from caplint.authoring.style import Switch, indented, switch_at
from caplint.authoring.topic import Topic
from caplint.authoring.workshop import Workshop
from caplint.knowledge.load import GENERIC

# Switches over ioctls of an architecture or of shared code, by the line of their `default`: that with most cases first.
_SWITCHES = """
    SELECT i.path, i.function, l.line FROM ioctl_case i
    JOIN code_function d ON d.side = 'now' AND d.tree = i.tree AND d.path = i.path AND d.name = i.function
    JOIN main.case_label k ON k.blob = d.blob AND k.function = i.function AND k.line = i.line AND k.column = i.column
    JOIN main.case_label l ON l.blob = k.blob AND l.function = k.function AND l.selector = k.selector AND l.low IS NULL
    JOIN main.condition c ON c.id = l.condition AND c.text = '1'
    WHERE i.tree = ?1 AND i.arch = ?2 AND i.scope = ?3
      AND NOT EXISTS (SELECT 1 FROM all_compat_handler h
                      WHERE h.side = 'now' AND h.tree = i.tree AND h.path = i.path AND h.function = i.function)
    GROUP BY i.path, i.function, l.line ORDER BY count(*) DESC, i.path, l.line
"""
_COLUMNS = 80
_OWNERS = {"vm": "kvm", "vcpu": "kvm_vcpu"}
_LEAVES = re.compile(r"\s*(return\b.*;|goto \w+;)")
REASON = "carries the ioctl out"


@dataclass(frozen=True)
class IoctlSwitch:
    """Switch of the function that gets the ioctls of a descriptor."""

    cases: Switch
    owner: str
    """Variable of the VM or vCPU."""
    argument: str
    """Expression of the argument, an integer."""
    pointer: str
    """Expression of the argument as a pointer to user space."""


def ioctl_switch(request: CapabilityRequest, workshop: Workshop, arch: str) -> IoctlSwitch:
    """Return the switch that a new case belongs to. Raises `CaplintError` if there is none."""
    what = f"for {request.setter}"
    for path, function, line in workshop.rows(_SWITCHES, arch, request.scope):
        cases = switch_at(workshop, path, function, line)
        if cases is None or not cases.parameters or not _is_left_alike(workshop, cases, line):
            continue
        text = "\n".join(cases.text)
        owner = re.search(rf"\bstruct {_OWNERS[request.scope]} \*(\w+)\b", text)
        argument = cases.parameters[-1]
        pointer = re.search(rf"\bvoid __user \*(\w+) = \(void __user \*\)\s*{re.escape(argument)};", text)
        if owner is not None:
            return IoctlSwitch(cases, owner[1], argument, pointer[1] if pointer else f"(void __user *){argument}")
    where = "shared code" if arch == GENERIC else f"the code of {arch}"
    raise workshop.lacks(what, f"{where} has no switch over the ioctls of a {request.scope}")


def _is_left_alike(workshop: Workshop, found: Switch, default: int) -> bool:
    """Return whether a new case may end as the switch does: with a result variable, or by `return` as its `default`."""
    if found.result is not None:
        return True
    after = (workshop.line(found.path, line).strip() for line in range(default + 1, found.last))
    return _LEAVES.fullmatch(next((text for text in after if text), "")) is not None


def write(request: CapabilityRequest, topic: Topic) -> None:
    """Write the function and its case for each architecture."""
    ioctl = request.ioctl
    for arch in request.archs if ioctl is not None else ():
        found = ioctl_switch(request, topic.workshop, arch)
        cases = found.cases
        name = f"kvm_{request.scope}_ioctl_{ioctl.member if ioctl else ''}"
        want_new(topic.workshop, name)
        topic.above(cases.path, _above(topic.workshop, cases), _function(request, topic, found, arch, name), REASON)
        value = found.pointer if has_structure(request) else found.argument
        call = f"{name}({found.owner}, {value})"
        body = [f"return {call};"] if cases.result is None else [f"{cases.result} = {call};", "break;"]
        lines = indented([f"case {request.setter}:", *(f"\t{line}" for line in body)], cases.indent)
        topic.above(cases.path, cases.line, lines, "case of the ioctl")


def _function(request: CapabilityRequest, topic: Topic, found: IoctlSwitch, arch: str, name: str) -> list[str]:
    owner = {"vm": "kvm", "vcpu": "vcpu"}[request.scope]
    by_pointer = has_structure(request)
    given = Given("arg")
    if by_pointer:
        value, *others = (f"args.{member}" for member in MEMBERS)
        given = Given(value, (others[0],), tuple(others[1:]))
    change = StateChange(
        request,
        topic,
        state(request, topic.workshop, arch),
        found.cases.path,
        owner,
        given,
        guards=found.cases.guards,
    )
    head = f"static int {name}(struct {_OWNERS[request.scope]} *{owner},"
    last = "void __user *argp)" if by_pointer else "unsigned long arg)"
    declared = [*[f"struct {request.ioctl.struct if request.ioctl else ''} args;"] * by_pointer, *change.declarations()]
    copied = ["if (copy_from_user(&args, argp, sizeof(args)))", "\treturn -EFAULT;", ""] if by_pointer else []
    body = [*declared, *[""] * bool(declared), *copied, *change.statements()]
    fits = len(f"{head} {last}") <= _COLUMNS
    heads = [f"{head} {last}"] if fits else [head, _aligned(head.index("(") + 1) + last]
    return [*heads, "{", *indented(body, "\t"), "}", ""]


def _aligned(column: int) -> str:
    """Return the white space that leads to a column, as Linux writes it."""
    return "\t" * (column // 8) + " " * (column % 8)


def _above(workshop: Workshop, found: Switch) -> int:
    """Return the line above which to put a function in front of another: above the comment about the latter."""
    line = found.first
    above = workshop.line(found.path, line - 1).strip()
    while above.startswith("//"):
        line -= 1
        above = workshop.line(found.path, line - 1).strip()
    if above.endswith("*/"):
        opened = line - 1
        while opened > 1 and "/*" not in workshop.line(found.path, opened):
            opened -= 1
        line = opened if workshop.line(found.path, opened).lstrip().startswith("/*") else line
    return line
