"""What an inventory holds: one entry per capability, plain data that every format writes."""

from __future__ import annotations

from dataclasses import dataclass, field

from caplint.graph.path_model import Path

ALWAYS, CONDITIONALLY, BY_VM = "always", "conditionally", "by VM"


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of a tree's file."""

    tree: str
    path: str
    line: int
    function: str | None = None


@dataclass(frozen=True, slots=True)
class CapabilityDefinition:
    """A `#define` in one copy of the UAPI."""

    header: str
    """uapi, copy (the kernel's tools/), vmm."""
    number: int | None
    condition: str
    arch: str | None
    place: SourceLine


@dataclass(frozen=True, slots=True)
class EnableArgument:
    """An argument of KVM_ENABLE_CAP that the kernel reads."""

    position: int
    use: str
    """stored, passed, tested."""
    validated: bool | None
    """None: a function that is not in view may do it."""
    mask: str | None
    """The bits that are accepted, as written."""


@dataclass(frozen=True, slots=True)
class Enable:
    """A case of an enable handler."""

    scope: str
    """vm, vcpu."""
    condition: str
    flags_checked: bool | None
    arguments: list[EnableArgument]
    place: SourceLine


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """A case of a check handler that answers with more than 0."""

    condition: str
    answer: str | None
    """What is returned, where that is one expression."""
    reads_vm: bool | None
    place: SourceLine


@dataclass(frozen=True, slots=True)
class Support:
    """What one architecture makes of a capability."""

    advertised: str | None
    """always; conditionally (a configuration or the machine decides); by VM; None: not at all."""
    answers: list[CheckAnswer]
    enables: list[Enable]

    @property
    def scopes(self) -> list[str]:
        """On which descriptors it can be enabled."""
        return sorted({enable.scope for enable in self.enables}, reverse=True)


@dataclass(frozen=True, slots=True)
class AnnouncedIoctl:
    """An ioctl that the capability announces."""

    name: str
    type: str | None
    place: SourceLine


@dataclass(frozen=True, slots=True)
class Msr:
    """An MSR that belongs to it, and how that is known."""

    name: str
    number: int | None
    evidence: list[str]


@dataclass(frozen=True, slots=True)
class Section:
    """A section of KVM's API documentation that names it."""

    section: str | None
    title: str | None
    heading: bool
    """Whether it is the section of this capability, and does not only mention it."""
    type: str | None
    architectures: str | None
    parameters: str | None
    place: SourceLine


@dataclass(frozen=True, slots=True)
class VmmPlace:
    """A place in a VMM."""

    verb: str
    """check, require, enable."""
    scope: str
    arch: str | None
    result: str
    condition: str
    place: SourceLine


@dataclass(frozen=True, slots=True)
class Found:
    """A finding of a rule."""

    code: str
    name: str
    severity: str
    arch: str | None
    message: str
    place: SourceLine


@dataclass(frozen=True, slots=True)
class MachineAnswer:
    """What a running machine answered, and what explains a difference to the sources."""

    machine: str
    arch: str
    release: str
    system: int
    vm: int | None
    difference: str | None
    """Why the sources would answer otherwise; None where they would not."""


@dataclass(slots=True)
class Capability:
    """All that the trees say of one capability."""

    name: str
    number: int | None
    """As the kernel has it, else the first copy; None: it cannot be computed."""
    alias: str | None
    """The capability that its definition names."""
    condition: str
    comment: str | None
    definitions: list[CapabilityDefinition]
    architectures: dict[str, Support] = field(default_factory=dict)
    """Only those that answer or enable it."""
    ioctls: list[AnnouncedIoctl] = field(default_factory=list)
    msrs: list[Msr] = field(default_factory=list)
    documentation: list[Section] = field(default_factory=list)
    selftests: list[SourceLine] = field(default_factory=list)
    vmm: list[VmmPlace] = field(default_factory=list)
    findings: list[Found] = field(default_factory=list)
    machines: list[MachineAnswer] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    """From where a VMM asks down to the kernel's case; only where a format shows them."""

    @property
    def section(self) -> Section | None:
        """The section that documents it, not one that mentions it."""
        return next((section for section in self.documentation if section.heading), None)


@dataclass(frozen=True, slots=True)
class Inventory:
    """The capabilities of one set of trees, by number, then name."""

    capabilities: list[Capability]
    architectures: list[str]
    """Those that the kernel in view serves, in architectures.toml's order."""
    trees: list[tuple[str, str, str, str | None]]
    """Name, role, location, revision."""

    @property
    def probed(self) -> bool:
        """Whether some machine's answers are in view."""
        return any(cap.machines for cap in self.capabilities)
