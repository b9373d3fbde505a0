"""Data model of an inventory: one entry per capability, as plain data for all formats."""

from __future__ import annotations

from dataclasses import dataclass, field

from caplint.graph.path_model import Path

ALWAYS, CONDITIONALLY, BY_VM = "always", "conditionally", "by VM"


@dataclass(frozen=True, slots=True)
class SourceLine:
    """Line of a file in a tree."""

    tree: str
    path: str
    line: int
    function: str | None = None


@dataclass(frozen=True, slots=True)
class CapabilityDefinition:
    """`#define` of a capability in one copy of the UAPI."""

    header: str
    """`uapi`, `copy` (the kernel's tools/) or `vmm`."""
    number: int | None
    condition: str
    arch: str | None
    place: SourceLine


@dataclass(frozen=True, slots=True)
class EnableArgument:
    """Argument of KVM_ENABLE_CAP that the kernel reads."""

    position: int
    use: str
    """`stored`, `passed` or `tested`."""
    validated: bool | None
    """Whether it is validated; None if a function outside the view may do so."""
    mask: str | None
    """Accepted bits, as written in the source."""


@dataclass(frozen=True, slots=True)
class Enable:
    """Case label of an enable handler."""

    scope: str
    """`vm` or `vcpu`."""
    condition: str
    flags_checked: bool | None
    arguments: list[EnableArgument]
    place: SourceLine


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """Case label of a check handler that returns more than 0."""

    condition: str
    answer: str | None
    """Returned expression; None if there is more than one."""
    reads_vm: bool | None
    place: SourceLine


@dataclass(frozen=True, slots=True)
class Support:
    """Support for a capability on one architecture."""

    advertised: str | None
    """`always`, `conditionally` (a configuration or the machine decides), `by VM`, or None: not at all."""
    answers: list[CheckAnswer]
    enables: list[Enable]

    @property
    def scopes(self) -> list[str]:
        """Descriptors on which it can be enabled."""
        return sorted({enable.scope for enable in self.enables}, reverse=True)


@dataclass(frozen=True, slots=True)
class AnnouncedIoctl:
    """Ioctl that the capability announces."""

    name: str
    type: str | None
    place: SourceLine


@dataclass(frozen=True, slots=True)
class Msr:
    """MSR that belongs to the capability, with the evidence."""

    name: str
    number: int | None
    evidence: list[str]


@dataclass(frozen=True, slots=True)
class Section:
    """Section of KVM's API documentation that names the capability."""

    section: str | None
    title: str | None
    heading: bool
    """Whether the section documents this capability; False if it only mentions it."""
    type: str | None
    architectures: str | None
    parameters: str | None
    place: SourceLine


@dataclass(frozen=True, slots=True)
class VmmPlace:
    """Use of the capability in a VMM."""

    verb: str
    """`check`, `require` or `enable`."""
    scope: str
    arch: str | None
    result: str
    condition: str
    place: SourceLine


@dataclass(frozen=True, slots=True)
class Found:
    """Finding of a rule."""

    code: str
    name: str
    severity: str
    arch: str | None
    message: str
    place: SourceLine


@dataclass(frozen=True, slots=True)
class MachineAnswer:
    """Answer of a running machine, with the reason for a difference from the sources."""

    machine: str
    arch: str
    release: str
    system: int
    vm: int | None
    difference: str | None
    """Reason why the sources would answer differently; None if they would not."""


@dataclass(frozen=True, slots=True)
class TracedUse:
    """Requests of one kind for the capability in the log of a traced VMM."""

    log: str
    verb: str
    """`check` or `enable`."""
    scope: str
    times: int
    answers: list[str]
    """Different answers in order: numbers and names of errors."""
    line: int
    """Line of the first request."""


@dataclass(slots=True)
class Capability:
    """All data of the trees about one capability."""

    name: str
    number: int | None
    """Number in the kernel's header, else in the first copy; None if it cannot be computed."""
    alias: str | None
    """Capability that its definition names instead of a number."""
    condition: str
    comment: str | None
    definitions: list[CapabilityDefinition]
    since: str | None = None
    """First release of Linux with it, such as `v5.10`, or `<= v4.6`; None if unknown."""
    architectures: dict[str, Support] = field(default_factory=dict)
    """Support by architecture, for architectures that answer or enable it."""
    ioctls: list[AnnouncedIoctl] = field(default_factory=list)
    msrs: list[Msr] = field(default_factory=list)
    documentation: list[Section] = field(default_factory=list)
    selftests: list[SourceLine] = field(default_factory=list)
    vmm: list[VmmPlace] = field(default_factory=list)
    findings: list[Found] = field(default_factory=list)
    machines: list[MachineAnswer] = field(default_factory=list)
    traced: list[TracedUse] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    """Paths from a VMM's use to the kernel's case label; empty unless a format shows them."""

    @property
    def section(self) -> Section | None:
        """Section that documents it, as opposed to mentioning it; None if there is none."""
        return next((section for section in self.documentation if section.heading), None)


@dataclass(frozen=True, slots=True)
class Inventory:
    """Capabilities of one set of trees, by number, then name."""

    capabilities: list[Capability]
    architectures: list[str]
    """Architectures that the kernel in view supports, in the order of architectures.toml."""
    trees: list[tuple[str, str, str, str | None]]
    """Name, role, location and revision of each tree."""

    @property
    def vmms(self) -> list[str]:
        """Names of the VMMs in view."""
        return [name for name, role, _, _ in self.trees if role == "vmm"]

    @property
    def traced(self) -> bool:
        """Whether the log of a traced VMM is in view."""
        return any(cap.traced for cap in self.capabilities)

    @property
    def probed(self) -> bool:
        """Whether answers of a machine are in view."""
        return any(cap.machines for cap in self.capabilities)
