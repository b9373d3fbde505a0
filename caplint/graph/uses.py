"""The places in a VMM where a question begins: what checks or enables a capability, or issues an ioctl."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from caplint.graph.program import Call
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
_ISSUED = """
    SELECT f.tree, f.path, k.line, k.function, k.callee, f.arch, c.text, k.arguments
    FROM file f JOIN main.call k ON k.blob = f.blob JOIN main.condition c ON c.id = k.condition
    WHERE f.role = 'vmm' AND k.function IS NOT NULL
      AND EXISTS (SELECT 1 FROM json_each(k.arguments) a WHERE a.value = ?1)
    ORDER BY f.tree, f.path, k.start
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
    if not name.startswith("KVM_CAP_"):
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
    connection = programs.session.connection
    wrappers = set(knowledge().ioctls)
    for tree, path, line, function, callee, arch, condition, arguments in connection.execute(
        _ISSUED, (request,)
    ).fetchall():
        if callee in wrappers:
            yield from _use(
                programs, (tree, path, line, function), "issue", callee, (arch, condition, arguments, request)
            )
    for tree, path, line, name, arch, condition, body in connection.execute(_ISSUED_BY_MACROS, (request,)).fetchall():
        match = re.search(rf"\b(\w+)\s*\([^()]*?\b{re.escape(request)}\b", body)
        holder = Function(tree, path, name, line)
        if match is not None and match[1] in wrappers:
            step = Step(tree, match[1], path, line, "direct", None, condition, request)
            yield Use(tree, holder, "issue", match[1], arch, (step,), (request,))


def issuers(programs: Programs, tree: Tree, request: str, entry: str) -> Iterator[tuple[Function, Step]]:
    """What issues an ioctl on the descriptor that a function of the kernel serves, and the call."""
    for use in _issues(programs, request):
        if use.tree == tree.name and knowledge().ioctls.get(use.callee) == entry:
            yield use.holder, use.calls[-1]
