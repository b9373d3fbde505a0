"""Case of the enable handler: flags and arguments tested, refused once it is too late, then the state is set."""

from __future__ import annotations

from collections.abc import Iterator

from caplint.authoring.kernel.state import EnabledState, limit, state
from caplint.authoring.request import CapabilityRequest
from caplint.authoring.style import Switch, indented, switch
from caplint.authoring.topic import Topic

_WIDTH = 64
"""Columns of a case's statements, behind two tabs."""
_REASON = "enables it: arguments are tested, then the state is set"


def write(request: CapabilityRequest, topic: Topic) -> None:
    """Accept KVM_ENABLE_CAP in the handler of each architecture and of the request's descriptor."""
    for arch in request.archs if request.enabled else ():
        found = switch(topic.workshop, "enable", arch, request.scope)
        if found is None:
            why = f"no handler of {arch} that enables capabilities of a {request.scope} has a switch"
            raise topic.workshop.lacks(f"to enable {request.name}", why)
        case = _EnableCase(request, topic, found, state(request, topic.workshop, arch))
        topic.above(found.path, found.line, indented(case.lines(), found.indent), _REASON)


class _EnableCase:
    """Text of one case, in the style of its neighbours."""

    def __init__(self, request: CapabilityRequest, topic: Topic, found: Switch, state: EnabledState) -> None:
        self._request = request
        self._topic = topic
        self._switch = found
        self._state = state
        self._owner, self._cap = found.parameters[0], found.parameters[1]
        self._result = found.result or "r"

    def lines(self) -> list[str]:
        """Return the lines of the case, its label without white space in front."""
        label = f"case {self._request.name}:"
        if self._request.arguments.kind == "fd":
            body = ["struct eventfd_ctx *eventfd;", *self._declared(), "", *self._eventfd()]
        elif self._request.scope == "vcpu":
            body = list(self._on_vcpu())
        else:
            body = list(self._on_vm())
            if self._switch.result is None:
                body = [*self._declared(), "", *body]
        braces = self._request.arguments.kind == "fd" or (self._request.scope == "vm" and self._switch.result is None)
        return [f"{label} {{" if braces else label, *indented(body, "\t"), *["}"] * braces]

    def _declared(self) -> list[str]:
        """Return the declaration of the result, if the function has none."""
        return [f"int {self._result} = -EINVAL;"] if self._switch.result is None else []

    def _wrong(self) -> list[str]:
        """Return the condition that flags or arguments are not valid, as lines in the brackets of an `if`."""
        first = f"{self._cap}->args[0]"
        tests = {
            "none": first,
            "bool": f"{first} > 1",
            "mask": f"({first} & ~{limit(self._request)})",
            "size": f"{first} > {limit(self._request)}",
            "fd": f"{first} > INT_MAX",
        }
        parts = [] if self._switch.flags_tested else [f"{self._cap}->flags"]
        parts += [tests[self._request.arguments.kind], *(f"{self._cap}->args[{position}]" for position in (1, 2, 3))]
        lines = [parts[0]]
        for part in parts[1:]:
            if len(lines[-1]) + len(part) + len("if ( || ||") <= _WIDTH:
                lines[-1] += f" || {part}"
            else:
                lines.append(part)
        return [f"{line} ||" for line in lines[:-1]] + lines[-1:]

    def _refuse(self) -> Iterator[str]:
        """Yield the test of flags and arguments, after which the result is -EINVAL."""
        lines = self._wrong()
        if self._switch.result is not None:
            yield f"{self._result} = -EINVAL;"
        for number, line in enumerate(lines):
            yield f"{'    ' if number else 'if ('}{line}{')' if line is lines[-1] else ''}"
        yield "\tbreak;" if self._switch.result is not None else "\treturn -EINVAL;"
        yield ""

    def _value(self) -> str:
        return "true" if self._request.arguments.kind == "none" else f"{self._cap}->args[0]"

    def _on_vcpu(self) -> Iterator[str]:
        yield from self._refuse()
        yield from self._state.store(self._owner, self._value())
        yield from self._event(f"{self._owner}->kvm")
        yield from self._switch.ends("0")

    def _on_vm(self) -> Iterator[str]:
        yield from self._refuse()
        yield from self._order()
        yield from self._locked(
            [f"!{self._owner}->created_vcpus"], [*self._state.store(self._owner, self._value()), f"{self._result} = 0;"]
        )
        yield from self._event(self._owner)
        yield from ["break;"] if self._switch.result is not None else ["", f"return {self._result};"]

    def _order(self) -> list[str]:
        return self._topic.decision(
            self._switch.path,
            f"order of {self._request.stem}",
            "May it be enabled when vCPUs exist?",
            "No, so that all vCPUs see the same state from the beginning.",
            _WIDTH,
        )

    def _locked(self, conditions: list[str], body: list[str]) -> Iterator[str]:
        """Yield statements that run under the VM's lock if conditions hold; else the result stays."""
        lock = f"{self._owner}->lock"
        inner = [f"if ({' && '.join(conditions)}) {{", *indented(body, "\t"), "}"]
        if self._switch.guards:
            yield f"scoped_guard(mutex, &{lock}) {{"
            yield from indented(inner, "\t")
            yield "}"
        else:
            yield f"mutex_lock(&{lock});"
            yield from inner
            yield f"mutex_unlock(&{lock});"

    def _event(self, kvm: str) -> Iterator[str]:
        """Yield the trace of the event, where the neighbours have one; s390 calls it so."""
        name = self._request.name.removeprefix("KVM_")
        if self._switch.uses("VM_EVENT(") and self._request.scope == "vcpu":
            yield f'VM_EVENT({kvm}, 3, "%s", "ENABLE: {name}");'
        elif self._switch.uses("VM_EVENT("):
            yield f'VM_EVENT({kvm}, 3, "ENABLE: {name} %s",'
            yield f'\t {self._result} ? "(not available)" : "(success)");'

    def _eventfd(self) -> Iterator[str]:
        yield from self._refuse()
        yield from self._topic.decision(
            self._switch.path,
            f"descriptor of {self._request.stem}",
            "Which files are accepted, and when is the descriptor used?",
            "An eventfd is accepted, once and for the VM's life.",
            _WIDTH,
        )
        yield f"eventfd = eventfd_ctx_fdget({self._cap}->args[0]);"
        if self._switch.result is not None:
            yield from ["if (IS_ERR(eventfd)) {", f"\t{self._result} = PTR_ERR(eventfd);", "\tbreak;", "}"]
        else:
            yield from ["if (IS_ERR(eventfd))", "\treturn PTR_ERR(eventfd);"]
        yield ""
        yield from self._order()
        yield from self._locked(
            [f"!{self._owner}->created_vcpus", f"!{self._state.read(self._owner)}"],
            [*self._state.store(self._owner, "eventfd"), f"{self._result} = 0;"],
        )
        yield f"if ({self._result})"
        yield "\teventfd_ctx_put(eventfd);"
        yield from self._event(self._owner)
        yield from ["break;"] if self._switch.result is not None else ["", f"return {self._result};"]
