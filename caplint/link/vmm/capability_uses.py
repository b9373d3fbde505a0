"""Places where a VMM checks a capability or enables it: calls of wrappers, and of the VMM's macros around them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from caplint.knowledge.languages import RUST, RUST_SUFFIX
from caplint.knowledge.load import Wrapper, knowledge
from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.condition_arch import condition_arch
from caplint.link.functions.function_facts import CallSite
from caplint.link.vmm.capability_values import Capabilities, Path
from caplint.link.vmm.descriptor_scopes import DescriptorScopes
from caplint.link.vmm.dominating_checks import Check
from caplint.link.vmm.enable_requests import request_of
from caplint.link.vmm.ignored_results import NOT_LOST, Loss, Losses, losses, passes_on
from caplint.link.vmm.issuing_functions import issuing_functions
from caplint.link.vmm.own_macros import OwnMacros
from caplint.link.vmm.tree_values import TreeValues

_DEPTH = 3

_Site = tuple[str, int, int, str]
"""Path, line, column, capability."""


@dataclass(frozen=True)
class CapabilityUse:
    """Call that checks for a capability or enables it."""

    function: CodeFunction
    call: CallSite
    wrapper: Wrapper
    scope: str
    expression: str
    """Expression that names the capability."""
    written: str = ""
    """Expression as it stands at the call, by which the call is found in other expressions."""
    resolved_via: str = "direct"
    cap: str = ""
    flags: str | None = None
    arguments_written: tuple[str, ...] | None = None
    lost: Losses = NOT_LOST
    """Places where the result is lost."""
    table_arch: str | None = None
    """Architecture of the file with the table that names the capability, if that is another file."""

    @property
    def arch(self) -> str | None:
        """Architecture on which the use counts; None for any."""
        own = self.table_arch or self.function.arch
        return condition_arch(self.call.condition) if own is None and self.function.path.endswith(RUST_SUFFIX) else own

    @property
    def place(self) -> tuple[str, int, int]:
        """Path, line and column."""
        return self.function.path, self.call.line, self.call.column


def uses_in(
    connection: sqlite3.Connection, side: str, tree: str, code: Code, values: TreeValues
) -> tuple[list[CapabilityUse], list[CapabilityUse]]:
    """Return a tree's uses, one per capability and sorted, and the uses of which not all capabilities are known."""
    (project,) = connection.execute("SELECT project FROM temp.tree WHERE name = ?", (tree,)).fetchone()
    wrappers = wrappers_of(code, project)
    names = frozenset(wrapper.callee for wrapper in wrappers)
    naming = _Naming(code, Capabilities(values, code))
    macros = OwnMacros.of(connection, side, tree, values, names)
    named: dict[tuple[_Site, str | None, str, str], CapabilityUse] = {}
    unresolved: dict[tuple[str, int, int, str], CapabilityUse] = {}
    scopes = DescriptorScopes(code, project, wrappers)
    uses = [*_uses(code, wrappers, scopes), *_macro_uses(code, wrappers, scopes, macros)]
    for use in sorted(uses, key=lambda use: use.scope == "system"):
        if use.function.name in names:
            continue
        for found in naming.named(use):
            if found.cap:
                named.setdefault(((*found.place, found.cap), found.arch, found.wrapper.verb, found.call.callee), found)
            else:
                unresolved.setdefault((*found.place, found.expression), found)
    return sorted(named.values(), key=lambda use: (use.place, use.cap, use.arch or "")), list(unresolved.values())


def wrappers_of(code: Code, project: str) -> list[Wrapper]:
    """Return the wrappers of a project; for an unknown program also others' that it does not define otherwise.

    Functions of the program that issue ioctls for their callers count as well.
    """
    known = [
        wrapper
        for wrapper in knowledge().wrappers
        if (not wrapper.projects and not wrapper.language)
        or wrapper.language in code.languages
        or project in wrapper.projects
        or (
            project not in knowledge().wrapping_projects
            and wrapper.projects
            and all(len(function.parameters) > wrapper.capability for function in code.named(wrapper.callee))
        )
    ]
    return [*known, *issuing_functions(code, project, known)]


def _uses(code: Code, wrappers: list[Wrapper], scopes: DescriptorScopes) -> Iterator[CapabilityUse]:
    """Yield every call of a wrapper, with the expression that names the capability."""
    for wrapper in wrappers:
        for function, call in code.calling([wrapper.callee]):
            if _fits(wrapper, call.arguments) and _speaks(wrapper, function):
                use = _use_of(code, wrapper, function, call)
                yield replace(use, scope=scopes.of(function, call), lost=losses(code, function, call))


def _macro_uses(
    code: Code, wrappers: list[Wrapper], scopes: DescriptorScopes, macros: OwnMacros
) -> Iterator[CapabilityUse]:
    """Yield the calls of wrappers that the VMM's own macros expand to, at the places of the macros."""
    by_callee: dict[str, list[Wrapper]] = {}
    for wrapper in wrappers:
        by_callee.setdefault(wrapper.callee, []).append(wrapper)
    for function, outer, callee, arguments, body in macros.calls(code, frozenset(by_callee)):
        for wrapper in by_callee[callee]:
            if _fits(wrapper, arguments) and _speaks(wrapper, function):
                inner = outer._replace(callee=callee, arguments=arguments)
                use = _use_of(code, wrapper, function, inner, body)
                written = next((text for text in outer.arguments if text and text in use.expression), "")
                lost = losses(code, function, outer)
                yield replace(use, call=outer, written=written, scope=scopes.of(function, inner), lost=lost)


def _speaks(wrapper: Wrapper, function: CodeFunction) -> bool:
    """Tell whether a wrapper belongs to the language of a function."""
    return not wrapper.language or (wrapper.language == RUST) == function.path.endswith(RUST_SUFFIX)


def _fits(wrapper: Wrapper, arguments: Sequence[str]) -> bool:
    index = wrapper.capability
    return len(arguments) > index and wrapper.request in {None, arguments[index - 1].strip()}


def _use_of(code: Code, wrapper: Wrapper, function: CodeFunction, call: CallSite, body: str = "") -> CapabilityUse:
    """Return the use that a wrapper's call is; `body` is the text of the macro that contains it, if one does."""
    index = wrapper.capability
    use = CapabilityUse(function, call, wrapper, wrapper.scope, call.arguments[index])
    if wrapper.takes_structure and code.budget.spend(len(function.stores) // 2):
        request = request_of(function, call._replace(arguments=call.arguments[index:]), code.budget, body)
        use = replace(use, expression=request.cap, flags=request.flags, arguments_written=request.arguments_written)
    elif wrapper.verb == "enable" and not wrapper.takes_structure:
        flags, written = "".join(call.arguments[index + 1 : index + 2]), call.arguments[index + 2 :]
        use = replace(use, flags=flags, arguments_written=written)
    return replace(use, written=use.expression)


@dataclass
class _Naming:
    """Search for the capabilities of uses in one tree."""

    code: Code
    capabilities: Capabilities
    _of_vm: set[tuple[str, int, str]] = field(default_factory=set)
    """Path and start of a function, parameter that it asks the VM for."""

    def named(self, use: CapabilityUse, path: Path = (), depth: int = _DEPTH) -> Iterator[CapabilityUse]:
        """Yield the use once per capability that it may name, and once without one if others cannot be told.

        For a parameter, the calls that pass one are followed. A function that asks the VM, and the system where the VM
        does not answer, is a question to the VM; so uses on the VM have to come first.
        """
        if use.expression in use.function.parameters and self._falls_back(use):
            return
        resolution = self.capabilities.of(use.function, use.expression, use.call.start, path)
        for cap, named in resolution.caps.items() if not resolution.required else ():
            for arch in resolution.archs_of(cap):
                yield replace(use, cap=cap, resolved_via="parameter" if depth < _DEPTH else named, table_arch=arch)
        found = bool(resolution.caps)
        for parameter, members in resolution.parameters:
            callers = list(passed_by_callers(self.code, use.function, parameter)) if depth else []
            resolution.unknown |= not callers
            for caller, call, expression in callers:
                found = True
                if not self.code.budget.spend():
                    return
                kept = passes_on(use.function, use.call)
                lost = losses(self.code, caller, call) if kept else _at(use.lost, caller, call)
                outer = replace(use, function=caller, call=call, expression=expression, written=expression,
                                arguments_written=None, flags=None, lost=lost)  # fmt: skip
                yield from self.named(outer, members, depth - 1)
        if resolution.unknown or not found:
            yield replace(use, cap="")

    def _falls_back(self, use: CapabilityUse) -> bool:
        """Tell whether a function asks the system for a parameter for which it asks the VM too; note what it asks."""
        key = (use.function.path, use.function.start, use.expression)
        if use.wrapper.verb == "check" and use.scope == "vm":
            self._of_vm.add(key)
        return use.wrapper.verb == "check" and use.scope == "system" and key in self._of_vm


def _at(lost: Losses, function: CodeFunction, call: CallSite) -> Losses:
    """Return the same losses at the place of a call: that of a function which loses the result itself."""
    return lost._replace(places=tuple(Loss(function, call, loss.kind) for loss in lost.places[:1]))


def passed_by_callers(
    code: Code, function: CodeFunction, parameter: str
) -> Iterator[tuple[CodeFunction, CallSite, str]]:
    """Yield the calls of a function that pass an argument for a parameter: caller, call and argument."""
    index = function.parameters.index(parameter)
    for caller, call in code.callers(function):
        if index < len(call.arguments):
            yield caller, call, call.arguments[index]


def checks_of(uses: list[CapabilityUse], caps: set[str]) -> dict[str, list[Check]]:
    """Return the checks for some capabilities, by capability."""
    checks: dict[str, list[Check]] = {}
    for use in uses:
        if use.wrapper.verb == "check" and use.cap in caps:
            checks.setdefault(use.cap, []).append(Check(use.function, use.call, use.written))
    return checks
