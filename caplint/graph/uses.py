"""The places in a VMM where a question begins: what checks or enables a capability, or issues an ioctl."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from caplint.capability_names import PREFIX
from caplint.graph.program import Call, is_live
from caplint.graph.programs import Programs
from caplint.graph.steps import Function, Step
from caplint.knowledge import knowledge
from caplint.trees.tree import Tree

_USES = """
    SELECT tree, path, line, function, verb, callee, arch, condition, arguments FROM all_vmm_use
    WHERE side = 'now' AND cap = ? AND function IS NOT NULL ORDER BY verb <> 'check', tree, path, line
"""
# An entry of a list of capabilities that are required; its variable is what functions are given.
_REQUIRED = """
    SELECT u.tree, u.path, u.line, e.variable, u.arch, u.condition FROM all_vmm_use u
    JOIN file f ON f.tree = u.tree AND f.path = u.path JOIN main.element e ON e.blob = f.blob AND e.line = u.line
    WHERE u.side = 'now' AND u.cap = ? AND u.function IS NULL AND e.variable IS NOT NULL ORDER BY 1, 2, 3
"""
_ISSUED_BY_MACROS = """
    SELECT f.tree, f.path, m.line, m.name, f.arch, c.text, m.body
    FROM file f JOIN main.macro m ON m.blob = f.blob JOIN main.condition c ON c.id = m.condition
    WHERE f.role = 'vmm' AND m.parameters IS NOT NULL AND instr(m.body, ?1) ORDER BY f.tree, f.path, m.line
"""


@dataclass(frozen=True, slots=True)
class Use:
    """A place in a VMM that checks or enables a capability, or issues an ioctl."""

    tree: str
    holder: Function
    """The function, or macro, that it stands in."""
    verb: str
    callee: str
    """What does the ioctl, or what ends in it."""
    arch: str | None
    calls: tuple[Step, ...]
    """From the holder to the callee."""
    arguments: tuple[str, ...]


def uses_of(programs: Programs, name: str) -> list[Use]:
    """Every use of a capability, or every place that issues an ioctl, checks first."""
    if not name.startswith(PREFIX):
        return list(_issues(programs, name))
    rows = programs.session.connection.execute(_USES, (name,)).fetchall()
    found = [
        use
        for tree, path, line, function, verb, callee, arch, condition, arguments in rows
        for use in _use(programs, (tree, path, line, function), verb, callee, (arch, condition, arguments, name))
    ]
    return [*found, *_required(programs, name)]


def _use(
    programs: Programs, place: tuple[str, str, int, str], verb: str, callee: str, said: tuple[str | None, str, str, str]
) -> Iterator[Use]:
    tree, path, line, function = place
    arch, condition, arguments, note = said
    holder = _holder(programs, programs.tree(tree), path, function)
    if holder is not None:
        kind = "macro" if _is_macro(programs, programs.tree(tree), callee) else "direct"
        step = Step(tree, callee, path, line, kind, None, condition, note)
        yield Use(tree, holder, verb, callee, arch, (step,), tuple(json.loads(arguments)))


def _holder(programs: Programs, tree: Tree, path: str, name: str) -> Function | None:
    return next(iter(programs.find(tree, [name], [path])), None)


def _is_macro(programs: Programs, tree: Tree, name: str) -> bool:
    program = programs.program(tree)
    program.look([name])
    found = [definition.macro for definition in program.definitions.get(name, ())]
    return bool(found) and all(found)


def _required(programs: Programs, cap: str) -> Iterator[Use]:
    """Lists of capabilities: a function is given one, and checks its entries."""
    wrappers = {wrapper.callee for wrapper in knowledge().wrappers if wrapper.verb == "check"}
    for tree, path, line, variable, arch, condition in programs.session.connection.execute(
        _REQUIRED, (cap,)
    ).fetchall():
        program = programs.program(programs.tree(tree))
        program.look([variable])
        for handed in program.handed.get(variable, ()):
            reader = handed.call.callee
            program.look([reader])
            if (asked := _asks(program.calls, reader, wrappers)) is None:
                continue
            listed = Step(
                tree,
                reader,
                handed.call.file.path,
                handed.call.line,
                "direct",
                None,
                handed.call.condition,
                f"{variable}, {path}:{line}",
            )
            asks = Step(tree, asked.callee, asked.file.path, asked.line, "direct", None, condition, cap)
            yield Use(tree, handed.call.caller, "require", asked.callee, arch, (listed, asks), (cap,))
            break


def _asks(calls: dict[str, list[Call]], reader: str, wrappers: set[str]) -> Call | None:
    """Where a function checks a capability."""
    found = [call for wrapper in sorted(wrappers) for call in calls.get(wrapper, ()) if call.caller.name == reader]
    return found[0] if found else None


def _issues(programs: Programs, request: str) -> Iterator[Use]:
    """Calls that issue an ioctl, wherever a VMM has them, and macros that do."""
    known = knowledge()
    for tree in programs.of_role("vmm"):
        program = programs.program(tree)
        program.look([request])
        found = [handed.call for handed in program.handed.get(request, ()) if handed.position == 1]
        for call in sorted(found, key=lambda call: (call.caller, call.line)):
            if call.callee in known.ioctls and is_live(call.condition):
                arch = known.architecture_of(tree.project, call.file.path)
                step = Step(tree.name, call.callee, call.file.path, call.line, "direct", None, call.condition, request)
                yield Use(tree.name, call.caller, "issue", call.callee, arch, (step,), (call.descriptor, request))
    rows = programs.session.connection.execute(_ISSUED_BY_MACROS, (request,)).fetchall()
    for name, path, line, macro, arch, condition, body in rows:
        match = re.search(rf"\b(\w+)\s*\([^()]*?\b{re.escape(request)}\b", body)
        if match is not None and match[1] in known.ioctls:
            step = Step(name, match[1], path, line, "direct", None, condition, request)
            yield Use(name, Function(name, path, macro, line), "issue", match[1], arch, (step,), ("", request))


def issuers(programs: Programs, tree: Tree, request: str, entry: str, arch: str | None) -> Iterator[Use]:
    """What issues an ioctl on a descriptor that a function of the kernel may serve."""
    for use in _issues(programs, request):
        fits = use.tree == tree.name and (arch is None or use.arch in {None, arch})
        if fits and entry in served_by(use.callee, use.arguments[0]):
            yield use


def served_by(callee: str, descriptor: str) -> list[str]:
    """The kernel's functions that may get what a VMM's function sends to a descriptor."""
    known = knowledge()
    entries = known.ioctls.get(callee, [])
    if len(entries) > 1:
        told = [entry for entry, pattern in known.ioctl_descriptors if entry in entries and pattern.search(descriptor)]
        return told[:1] or entries
    return entries


def is_request(label: str) -> bool:
    """Whether a name is an ioctl's rather than a capability's."""
    return label.isidentifier() and label.startswith("KVM_") and not label.startswith(PREFIX)
