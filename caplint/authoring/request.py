"""Request: the capability that somebody wants, as the command line describes it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from caplint.knowledge.capability_names import PREFIX
from caplint.knowledge.load import GENERIC, knowledge
from caplint.util.errors import CaplintError

SCOPES = ("vm", "vcpu", "none")
ANSWERS = ("yes", "mask", "count")
_ARGUMENTS = "none, mask:NAME[=BIT],..., bool, fd or size"
_NAME = re.compile(rf"{PREFIX}[A-Z][A-Z0-9_]{{0,60}}[A-Z0-9]\Z", re.ASCII)
_WORD = re.compile(r"[A-Z][A-Z0-9_]{0,60}\Z", re.ASCII)
_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]{1,8}|[0-9]{1,10})\Z", re.ASCII)
_HIGHEST_BIT = 63
_HIGHEST_ANSWER = 30
_HIGHEST_REGISTER = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Bit:
    """Named bit of a mask."""

    name: str
    """Word to append to the capability's name, such as `FAST`, or a whole macro: see `CapabilityRequest.macro`."""
    position: int


@dataclass(frozen=True, slots=True)
class Arguments:
    """Meaning of `args[0]` of KVM_ENABLE_CAP."""

    kind: str = "none"
    """none, mask, bool, fd, size."""
    bits: tuple[Bit, ...] = ()
    """Bits of a mask."""


@dataclass(frozen=True, slots=True)
class RequestedRegister:
    """MSR that the capability gives to guests."""

    name: str
    number: int | None
    """None: the tree's headers have it."""
    writable: bool
    is_defined: bool = False
    """Whether a header of the kernel defines it; False until `kernel.numbers` has looked."""


@dataclass(frozen=True, slots=True)
class RequestedIoctl:
    """Ioctl that the capability announces. It takes the value that would be `args[0]` of KVM_ENABLE_CAP."""

    name: str
    """`KVM_SET_X`."""
    number: int | None = None
    """None until `kernel.ioctl_number` has settled it."""

    @property
    def member(self) -> str:
        """Name of functions: `set_x`."""
        return self.name.removeprefix("KVM_").lower()

    @property
    def struct(self) -> str:
        """Tag of the structure that it takes."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class CapabilityRequest:
    """Capability that is to be added."""

    name: str
    """`KVM_CAP_X`."""
    archs: tuple[str, ...]
    """Canonical names in the project's order, or `generic` alone."""
    scope: str
    """Descriptor on which it is enabled, or whose ioctl it stands for: vm, vcpu; none if it is only asked for."""
    answer: str
    """yes, mask, count."""
    arguments: Arguments = Arguments()
    register: RequestedRegister | None = None
    ioctl: RequestedIoctl | None = None
    number: int | None = None
    """Number of the capability; None until `kernel.numbers` has settled it."""

    @property
    def stem(self) -> str:
        """Name without prefix and architecture, for macros of one architecture: `PPIN` of KVM_CAP_X86_PPIN."""
        words = self.name.removeprefix(PREFIX).split("_")
        if len(words) > 1 and knowledge().architecture(words[0].lower()) in self.archs:
            words = words[1:]
        return "_".join(words)

    @property
    def member(self) -> str:
        """Name of state and functions: the stem in lower case."""
        return self.stem.lower()

    @property
    def enabled(self) -> bool:
        """Whether KVM_ENABLE_CAP accepts it."""
        return self.scope != "none" and self.ioctl is None

    @property
    def has_state(self) -> bool:
        """Whether user space sets a state by it: by KVM_ENABLE_CAP, or by its own ioctl."""
        return self.scope != "none"

    @property
    def setter(self) -> str:
        """Ioctl that sets its state."""
        return "KVM_ENABLE_CAP" if self.ioctl is None else self.ioctl.name

    @property
    def is_generic(self) -> bool:
        """Whether all architectures share it."""
        return self.archs == (GENERIC,)

    def macro(self, word: str) -> str:
        """Return the macro of a bit or limit of the capability: `KVM_PPIN_FAST` of `FAST` or of itself."""
        return word if word.startswith("KVM_") else f"KVM_{self.name.removeprefix(PREFIX)}_{word}"


def parse(  # noqa: PLR0913 - one for each option
    name: str,
    *,
    archs: Iterable[str] = (),
    scope: str = "vm",
    answer: str = "yes",
    arguments: str = "none",
    register: str | None = None,
    ioctl: str | None = None,
) -> CapabilityRequest:
    """Return the request that options describe. Raises `CaplintError` with one line about a wrong option."""
    if not _NAME.match(name):
        raise CaplintError(f"{name}: is not the name of a capability; write {PREFIX} and capital letters, digits and _")
    if scope not in SCOPES:
        raise CaplintError(f"--scope {scope}: unknown; known are {', '.join(SCOPES)}")
    if answer not in ANSWERS:
        raise CaplintError(f"--answer {answer}: unknown; known are {', '.join(ANSWERS)}")
    found = CapabilityRequest(
        name, _archs(archs), scope, answer, _arguments(arguments), _register(register), _ioctl(ioctl)
    )  # fmt: skip
    _agree(found)
    return found


def _archs(words: Iterable[str]) -> tuple[str, ...]:
    """Return the canonical names of architectures; for an empty list that of shared code."""
    found = set()
    for word in words:
        arch = knowledge().architecture(word)
        if arch is None:
            raise CaplintError(f"--arch {word}: unknown; known are {', '.join(knowledge().architectures)}")
        found.add(arch)
    return tuple(knowledge().ordered(found)) or (GENERIC,)


def _arguments(text: str) -> Arguments:
    kind, colon, rest = text.partition(":")
    if kind == "mask" and rest:
        return Arguments("mask", _bits(rest.split(",")))
    if colon or kind not in {"none", "bool", "fd", "size"}:
        raise CaplintError(f"--args {text}: is not understood; write {_ARGUMENTS}")
    return Arguments(kind)


def _bits(words: list[str]) -> tuple[Bit, ...]:
    """Return the bits of `NAME[=BIT]`; a bit without a number gets the one after the last."""
    found: list[Bit] = []
    for word in words[: _HIGHEST_BIT + 2]:
        name, equals, number = word.partition("=")
        position = found[-1].position + 1 if found else 0
        if equals:
            position = int(number, 0) if _NUMBER.match(number) and not re.match(r"0\d", number) else -1
        if not _WORD.match(name) or not 0 <= position <= _HIGHEST_BIT:
            raise CaplintError(f"--args mask: {word}: write NAME or NAME=BIT, a bit of 0 to {_HIGHEST_BIT}")
        if any(name == bit.name or position == bit.position for bit in found):
            raise CaplintError(f"--args mask: {word}: its name or bit is given twice")
        found.append(Bit(name, position))
    return tuple(found)


def _register(text: str | None) -> RequestedRegister | None:
    if text is None:
        return None
    whole, _, access = text.partition(":")
    name, equals, number = whole.partition("=")
    if not _WORD.match(name) or access not in {"", "ro", "rw"} or (equals and not _NUMBER.match(number)):
        raise CaplintError(f"--msr {text}: is not understood; write NAME[=NUMBER][:ro|rw], such as MSR_PPIN=0x4f:ro")
    value = int(number, 16 if number[:2] in {"0x", "0X"} else 10) if equals else None
    if value is not None and value > _HIGHEST_REGISTER:
        raise CaplintError(f"--msr {text}: the number of an MSR has 32 bits")
    return RequestedRegister(name if name.startswith("MSR_") else f"MSR_{name}", value, access == "rw")


def _ioctl(text: str | None) -> RequestedIoctl | None:
    if text is None:
        return None
    name = text if text.startswith("KVM_") else f"KVM_{text}"
    if not _WORD.match(name) or name.startswith(PREFIX) or name.endswith("_"):
        raise CaplintError(f"--ioctl {text}: is not the name of an ioctl; write KVM_ and capital letters, digits and _")
    if name.startswith("KVM_GET_"):
        raise CaplintError(
            f"--ioctl {name}: an ioctl that hands a value to KVM can be written; name it so: KVM_SET_..."
        )
    return RequestedIoctl(name)


def _agree(request: CapabilityRequest) -> None:
    """Raise `CaplintError` if parts of a request contradict each other."""
    kind, answer, register = request.arguments.kind, request.answer, request.register
    highest = max((bit.position for bit in request.arguments.bits), default=0)
    faults = (
        (request.ioctl is not None and not request.has_state,
         "--ioctl: needs --scope vm or vcpu, the descriptor on which it is issued"),
        (request.ioctl is not None and register is not None,
         "--ioctl: goes without --msr, a register that KVM_ENABLE_CAP gives to guests"),
        (not request.has_state and kind in {"bool", "fd"}, f"--args {kind}: needs --scope vm or vcpu"),
        (kind == "fd" and request.scope != "vm", "--args fd: needs --scope vm, which holds the descriptor"),
        (answer == "mask" and kind != "mask", "--answer mask: name the bits with --args mask:NAME[=BIT],..."),
        (answer == "count" and kind not in {"none", "size"}, f"--answer count: goes with --args size, not with {kind}"),
        (answer == "mask" and highest > _HIGHEST_ANSWER,
         f"--answer mask: the answer of an ioctl is an int, which has bits 0 to {_HIGHEST_ANSWER}"),
        (register is not None and request.archs != ("x86",), "--msr: needs --arch x86; no other architecture has MSRs"),
        (register is not None and request.scope != "vm",
         "--msr: needs --scope vm, so that a guest has the register on all vCPUs or on none"),
    )  # fmt: skip
    for is_so, told in faults:
        if is_so:
            raise CaplintError(told)
