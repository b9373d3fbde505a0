"""Selection of the capabilities to show from an inventory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from caplint.inventory.model import Capability, Inventory
from caplint.knowledge.capability_names import PREFIX


def _advertised(cap: Capability) -> bool:
    return any(support.advertised for support in cap.architectures.values())


def _enableable(cap: Capability) -> bool:
    return any(support.enables for support in cap.architectures.values())


def _used(cap: Capability) -> bool:
    return bool(cap.vmm)


# Word of --only → help text and test.
ONLY: dict[str, tuple[str, Callable[[Capability], bool]]] = {
    "advertised": ("an architecture answers it", _advertised),
    "unadvertised": ("no architecture answers it", lambda cap: not _advertised(cap)),
    "enableable": ("an architecture lets it be enabled", _enableable),
    "documented": ("api.rst has a section for it", lambda cap: cap.section is not None),
    "undocumented": ("nothing below Documentation/virt/kvm names it", lambda cap: not cap.documentation),
    "used-by-vmm": ("a VMM in view checks or enables it", _used),
    "unused-by-vmm": ("no VMM in view checks or enables it", lambda cap: not _used(cap)),
    "untested": ("no self-test names it", lambda cap: not cap.selftests),
    "found": ("a rule has a finding for it", lambda cap: bool(cap.findings)),
}


def select(inventory: Inventory, archs: Iterable[str], globs: Iterable[str], only: Iterable[str]) -> Inventory:
    """Return the selected part of an inventory.

    `archs` keeps the capabilities that one of them answers or enables. `globs` keeps names that match any of them, with
    or without `KVM_CAP_`. `only` keeps capabilities that pass the tests of all its words, on the kept architectures.
    """
    wanted = list(archs)
    patterns = list(globs)
    tests = [ONLY[word][1] for word in only]
    kept = [narrowed(cap, wanted) for cap in inventory.capabilities if is_named(cap.name, patterns)]
    return replace(
        inventory,
        capabilities=[cap for cap in kept if (cap.architectures or not wanted) and all(test(cap) for test in tests)],
        architectures=[arch for arch in inventory.architectures if not wanted or arch in wanted],
    )


def within(inventory: Inventory, archs: Iterable[str], names: set[str]) -> Inventory:
    """Return the capabilities of these names reduced to `archs`, including those that no architecture supports."""
    wanted = list(archs)
    kept = [narrowed(cap, wanted) for cap in inventory.capabilities if cap.name in names]
    return replace(inventory, capabilities=kept)


def is_named(cap: str, globs: Iterable[str]) -> bool:
    """Tell whether a capability matches one of the globs, with or without `KVM_CAP_`; without globs every one does."""
    patterns = [glob.upper() for glob in globs]
    short = cap.removeprefix(PREFIX)
    return not patterns or any(fnmatchcase(cap, glob) or fnmatchcase(short, glob) for glob in patterns)


def narrowed(cap: Capability, wanted: list[str]) -> Capability:
    """Return a capability with its data for these architectures only; an empty list means all."""
    if not wanted:
        return cap
    return replace(
        cap,
        architectures={arch: support for arch, support in cap.architectures.items() if arch in wanted},
        vmm=[use for use in cap.vmm if use.arch is None or use.arch in wanted],
        paths=[path for path in cap.paths if path.arch is None or path.arch in wanted],
        findings=[entry for entry in cap.findings if entry.arch is None or entry.arch in {*wanted, "generic"}],
    )
