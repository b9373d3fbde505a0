"""VMM code that checks or enables a capability, or issues an ioctl: the call sites at which paths are joined."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from caplint.graph.call_graph import Programs
from caplint.graph.path_model import ProgramFunction, Step
from caplint.graph.program_index import OutlineCall, is_live
from caplint.knowledge.capability_names import PREFIX
from caplint.knowledge.load import knowledge
from caplint.trees.tree import Tree

_USES = """
    SELECT tree, path, line, function, verb, callee, arch, condition, arguments FROM all_vmm_use
    WHERE side = 'now' AND cap = ? AND function IS NOT NULL ORDER BY verb <> 'check', tree, path, line
"""
# Entries of lists of required capabilities; functions receive the list's variable.
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
class VmmSite:
    """Place in a VMM that checks or enables a capability, or issues an ioctl."""

    tree: str
    holder: ProgramFunction
    """Enclosing function or macro."""
    verb: str
    callee: str
    """Function that issues the ioctl, directly or through its callees."""
    arch: str | None
    calls: tuple[Step, ...]
    """Steps from the holder to the callee."""
    arguments: tuple[str, ...]


def uses_of(programs: Programs, name: str) -> list[VmmSite]:
    """Return all uses of a capability, checks first, or all places that issue an ioctl."""
    if not name.startswith(PREFIX):
        return list(_issues(programs, name))
    rows = programs.session.connection.execute(_USES, (name,)).fetchall()
    uses = [
        use
        for tree, path, line, function, verb, callee, arch, condition, arguments in rows
        for use in _use(programs, (tree, path, line, function), verb, callee, (arch, condition, arguments, name))
    ]
    return [*uses, *_required(programs, name)]


def _use(
    programs: Programs, place: tuple[str, str, int, str], verb: str, callee: str, data: tuple[str | None, str, str, str]
) -> Iterator[VmmSite]:
    tree, path, line, function = place
    arch, condition, arguments, note = data
    holder = _holder(programs, programs.tree(tree), path, function)
    if holder is not None:
        macro = _macro(programs, programs.tree(tree), callee)
        kind, defined = ("macro", f"{macro.path}:{macro.line}") if macro else ("direct", "")
        step = Step(tree, callee, path, line, kind, None, condition, note, defined=defined)
        yield VmmSite(tree, holder, verb, callee, arch, (step,), tuple(json.loads(arguments)))


def _holder(programs: Programs, tree: Tree, path: str, name: str) -> ProgramFunction | None:
    return next(iter(programs.find(tree, [name], [path])), None)


def _macro(programs: Programs, tree: Tree, name: str) -> ProgramFunction | None:
    """Return the first definition of a name that only macros define; None if a function does."""
    program = programs.program(tree)
    program.look([name])
    definitions = program.definitions.get(name, ())
    return definitions[0].function if definitions and all(known.macro for known in definitions) else None


def _required(programs: Programs, cap: str) -> Iterator[VmmSite]:
    """Yield the uses in lists of capabilities: a function receives the list and checks its entries."""
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
            yield VmmSite(tree, handed.call.caller, "require", asked.callee, arch, (listed, asks), (cap,))
            break


def _asks(calls: Mapping[str, list[OutlineCall]], reader: str, wrappers: set[str]) -> OutlineCall | None:
    """Return the first call of a wrapper by which a function checks a capability, None without one."""
    checks = [call for wrapper in sorted(wrappers) for call in calls.get(wrapper, ()) if call.caller.name == reader]
    return checks[0] if checks else None


def _issues(programs: Programs, request: str) -> Iterator[VmmSite]:
    """Yield the calls and macros of all VMMs that issue an ioctl."""
    known = knowledge()
    for tree in programs.of_role("vmm"):
        program = programs.program(tree)
        program.look([request])
        calls = [handed.call for handed in program.handed.get(request, ()) if handed.position == 1]
        for call in sorted(calls, key=lambda call: (call.caller, call.line)):
            if is_live(call.condition) and programs.receivers.of(tree.name, call.callee, call.descriptor):
                arch = known.architecture_of(tree.project, call.file.path)
                step = Step(tree.name, call.callee, call.file.path, call.line, "direct", None, call.condition, request)
                yield VmmSite(tree.name, call.caller, "issue", call.callee, arch, (step,), (call.descriptor, request))
    rows = programs.session.connection.execute(_ISSUED_BY_MACROS, (request,)).fetchall()
    for name, path, line, macro, arch, condition, body in rows:
        match = re.search(rf"\b(\w+)\s*\([^()]*?\b{re.escape(request)}\b", body)
        if match is not None and programs.receivers.of(name, match[1], ""):
            step = Step(name, match[1], path, line, "direct", None, condition, request)
            yield VmmSite(
                name, ProgramFunction(name, path, macro, line), "issue", match[1], arch, (step,), ("", request)
            )


def issuers(programs: Programs, tree: Tree, request: str, entry: str, arch: str | None) -> Iterator[VmmSite]:
    """Yield the VMM's sites that issue an ioctl on a descriptor which the kernel function `entry` may serve."""
    for use in _issues(programs, request):
        fits = use.tree == tree.name and (arch is None or use.arch in {None, arch})
        if fits and entry in programs.receivers.of(tree.name, use.callee, use.arguments[0]):
            yield use


def is_request(label: str) -> bool:
    """Return whether a name is an ioctl's and not a capability's."""
    return label.isidentifier() and label.startswith("KVM_") and not label.startswith(PREFIX)
