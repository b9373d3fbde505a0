"""Case of the enable handler: flags and arguments tested, refused once it is too late, then the state is set."""

from __future__ import annotations

from collections.abc import Iterator

from caplint.authoring.kernel.change import Given, StateChange
from caplint.authoring.kernel.state import state
from caplint.authoring.request import CapabilityRequest
from caplint.authoring.style import Switch, indented, switch
from caplint.authoring.topic import Topic

_REASON = "enables it: arguments are tested, then the state is set"


def write(request: CapabilityRequest, topic: Topic) -> None:
    """Accept KVM_ENABLE_CAP in the handler of each architecture and of the request's descriptor."""
    for arch in request.archs if request.enabled else ():
        found = switch(topic.workshop, "enable", arch, request.scope)
        if found is None:
            why = f"no handler of {arch} that enables capabilities of a {request.scope} has a switch"
            raise topic.workshop.lacks(f"to enable {request.name}", why)
        topic.above(found.path, found.line, indented(_case(request, topic, found, arch), found.indent), _REASON)


def _case(request: CapabilityRequest, topic: Topic, found: Switch, arch: str) -> list[str]:
    """Return the lines of the case, its label without white space in front."""
    owner, cap = found.parameters[0], found.parameters[1]
    change = StateChange(
        request,
        topic,
        state(request, topic.workshop, arch),
        found.path,
        owner,
        Given(
            f"{cap}->args[0]",
            () if found.flags_tested else (f"{cap}->flags",),
            tuple(f"{cap}->args[{position}]" for position in (1, 2, 3)),
        ),
        found.result,
        found.guards,
        tuple(_event(request, found, owner)),
    )
    declared = change.declarations()
    body = [*declared, *[""] * bool(declared), *change.statements()]
    return [f"case {request.name}:{' {' * bool(declared)}", *indented(body, "\t"), *["}"] * bool(declared)]


def _event(request: CapabilityRequest, found: Switch, owner: str) -> Iterator[str]:
    """Yield the call of VM_EVENT, which traces the event, if the neighbouring cases have one."""
    name = request.name.removeprefix("KVM_")
    if found.uses("VM_EVENT(") and request.scope == "vcpu":
        yield f'VM_EVENT({owner}->kvm, 3, "%s", "ENABLE: {name}");'
    elif found.uses("VM_EVENT("):
        yield f'VM_EVENT({owner}, 3, "ENABLE: {name} %s",'
        yield f'\t {found.result or "r"} ? "(not available)" : "(success)");'
