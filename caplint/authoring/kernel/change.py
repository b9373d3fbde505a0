"""Statements that test user space's value and set the state: of an enable case, or of an ioctl's function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from caplint.authoring.kernel.state import EnabledState, limit
from caplint.authoring.request import CapabilityRequest
from caplint.authoring.style import indented
from caplint.authoring.topic import Topic

WIDTH = 64
"""Columns of a case's statements, behind two tabs."""


@dataclass(frozen=True)
class Given:
    """Expressions for the values of user space."""

    value: str
    """Value that KVM_ENABLE_CAP has in `args[0]`."""
    before: tuple[str, ...] = ()
    """Expressions in front of it that must be 0."""
    after: tuple[str, ...] = ()
    """Expressions behind it that must be 0."""


@dataclass(frozen=True)
class StateChange:
    """Statements for one capability, in the style of the code around them."""

    request: CapabilityRequest
    topic: Topic
    state: EnabledState
    path: str
    """File that they are written to."""
    owner: str
    """Variable of the VM or vCPU."""
    given: Given
    result: str | None = None
    """Variable that holds the result until the function's end; None: statements return."""
    guards: bool = False
    """Whether locks are taken by `guard(mutex)`."""
    event: tuple[str, ...] = ()
    """Statements that trace the change."""

    @property
    def variable(self) -> str:
        """Variable of the result."""
        return self.result or "r"

    def declarations(self) -> list[str]:
        """Return the declarations that the statements need."""
        eventfd = ["struct eventfd_ctx *eventfd;"] if self.request.arguments.kind == "fd" else []
        own = self.request.scope == "vm" and self.result is None
        return [*eventfd, *[f"int {self.variable} = -EINVAL;"] * own]

    def statements(self) -> Iterator[str]:
        """Yield the statements."""
        yield from self._refuse()
        if self.request.arguments.kind == "fd":
            yield from self._of_descriptor()
        elif self.request.scope == "vcpu":
            yield from self.state.store(self.owner, self._value)
            yield from self.event
            yield from ["return 0;"] if self.result is None else [f"{self.result} = 0;", "break;"]
        else:
            yield from self._order()
            new = self.state.store(self.owner, self._value)
            yield from self._locked([f"!{self.owner}->created_vcpus"], new)
            yield from self._end()

    @property
    def _value(self) -> str:
        return "true" if self.request.arguments.kind == "none" else self.given.value

    def _end(self) -> Iterator[str]:
        yield from self.event
        yield from ["break;"] if self.result is not None else ["", f"return {self.result or 'r'};"]

    def _wrong(self) -> list[str]:
        """Return the condition that a value of user space is invalid, as lines for the brackets of an `if`."""
        value = self.given.value
        test = {
            "none": value,
            "bool": f"{value} > 1",
            "mask": f"({value} & ~{limit(self.request)})",
            "size": f"{value} > {limit(self.request)}",
            "fd": f"{value} > INT_MAX",
        }[self.request.arguments.kind]
        parts = [*self.given.before, test, *self.given.after]
        lines = [parts[0]]
        for part in parts[1:]:
            if len(lines[-1]) + len(part) + len("if ( || ||") <= WIDTH:
                lines[-1] += f" || {part}"
            else:
                lines.append(part)
        return [f"{line} ||" for line in lines[:-1]] + lines[-1:]

    def _refuse(self) -> Iterator[str]:
        """Yield the test, after which the result is -EINVAL."""
        lines = self._wrong()
        if self.result is not None:
            yield f"{self.result} = -EINVAL;"
        for number, line in enumerate(lines):
            yield f"{'    ' if number else 'if ('}{line}{')' if line is lines[-1] else ''}"
        yield "\tbreak;" if self.result is not None else "\treturn -EINVAL;"
        yield ""

    def _order(self) -> list[str]:
        word = "enabled" if self.request.enabled else "set"
        return self.topic.decision(
            self.path,
            f"order of {self.request.stem}",
            f"May it be {word} when vCPUs exist?",
            "No, so that all vCPUs see the same state from the beginning.",
            WIDTH,
        )

    def _locked(self, conditions: list[str], body: list[str]) -> Iterator[str]:
        """Yield statements that run under the VM's lock if the conditions hold, and otherwise keep the result."""
        lock = f"{self.owner}->lock"
        done = f"{self.variable} = 0;"
        inner = [f"if ({' && '.join(conditions)}) {{", *indented([*body, done], "\t"), "}"]
        if self.guards:
            yield f"scoped_guard(mutex, &{lock}) {{"
            yield from indented(inner, "\t")
            yield "}"
        else:
            yield f"mutex_lock(&{lock});"
            yield from inner
            yield f"mutex_unlock(&{lock});"

    def _of_descriptor(self) -> Iterator[str]:
        yield from self.topic.decision(
            self.path,
            f"descriptor of {self.request.stem}",
            "Which files are accepted, and when is the descriptor used?",
            "An eventfd is accepted, once and for the VM's life.",
            WIDTH,
        )
        yield f"eventfd = eventfd_ctx_fdget({self.given.value});"
        if self.result is not None:
            yield from ["if (IS_ERR(eventfd)) {", f"\t{self.result} = PTR_ERR(eventfd);", "\tbreak;", "}"]
        else:
            yield from ["if (IS_ERR(eventfd))", "\treturn PTR_ERR(eventfd);"]
        yield ""
        yield from self._order()
        free = [f"!{self.owner}->created_vcpus", f"!{self.state.read(self.owner)}"]
        yield from self._locked(free, self.state.store(self.owner, "eventfd"))
        yield from [f"if ({self.variable})", "\teventfd_ctx_put(eventfd);"]
        yield from self._end()
