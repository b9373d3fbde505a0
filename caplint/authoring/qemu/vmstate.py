"""Migration of the register: a subsection that is sent only if its value would be lost without it."""

from __future__ import annotations

import re

from caplint.authoring.qemu.msr import member
from caplint.authoring.qemu.neighbour import neighbour
from caplint.authoring.request import CapabilityRequest
from caplint.authoring.topic import Topic

# A description with a condition, whose only field is the given member.
_DESCRIPTION = """
    SELECT f.path, n.variable, n.line, e.line FROM file f
    JOIN main.table_entry n ON n.blob = f.blob AND n.field = 'needed'
    JOIN main.table_entry e ON e.blob = f.blob AND e.variable = n.variable AND e.field = 'fields'
    JOIN main.condition c ON c.id = e.condition
    WHERE f.tree = ?1 AND c.text = '1' AND instr(e.value, 'env.' || ?2 || ',') AND e.type = 'VMStateDescription'
"""
_END = re.compile(r"\};$")
_LONGEST = 30
"""Lines of the longest description that is read."""


def write(request: CapabilityRequest, topic: Topic) -> None:
    """Write the subsection below that of the neighbour, and its entry in the list."""
    if request.register is None:
        return
    workshop = topic.workshop
    near = neighbour(workshop)
    rows = workshop.rows(_DESCRIPTION, near.member)
    if len(rows) != 1:
        raise workshop.lacks(f"to migrate {request.register.name}", f"{near.member} has no subsection of its own")
    path, variable, _, fields = rows[0]
    ends = [line for line in range(fields, fields + _LONGEST) if _END.match(workshop.line(path, line))]
    entries = [
        number
        for number, text in enumerate(workshop.lines(path), 1)
        if text.strip() == f"&{variable},"
    ]  # fmt: skip
    if not ends or len(entries) != 1:
        raise workshop.lacks(f"to migrate {request.register.name}", f"{path}: {variable} is in no list of subsections")
    state = member(request.register)
    decision = topic.decision(
        path,
        f"migration of {request.register.name}",
        "Must a destination that does not give guests the register refuse the machine?",
        "A QEMU that does not know it refuses a value; one that knows it, with the option off, drops the value.",
    )
    topic.below(path, ends[0], ["", *decision, *_section(state, workshop.line(path, fields))], "migrates its value")
    indent = re.match(r"\s*", workshop.line(path, entries[0]))
    topic.below(path, entries[0], [f"{indent[0] if indent else ''}&vmstate_{state},"], "offers the subsection")


def _section(state: str, fields: str) -> list[str]:
    """Return the condition and the description; the `fields` begin like those of the neighbour."""
    return [
        f"static bool {state}_needed(void *opaque)",
        "{",
        "    X86CPU *cpu = opaque;",
        "",
        f"    return cpu->env.{state} != 0;",
        "}",
        "",
        f"static const VMStateDescription vmstate_{state} = {{",
        f'    .name = "cpu/{state}",',
        "    .version_id = 1,",
        "    .minimum_version_id = 1,",
        f"    .needed = {state}_needed,",
        fields.rstrip(),
        f"        VMSTATE_UINT64(env.{state}, X86CPU),",
        "        VMSTATE_END_OF_LIST()",
        "    }",
        "};",
    ]
