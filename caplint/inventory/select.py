"""Which capabilities of an inventory are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from caplint.capability_names import PREFIX
from caplint.inventory.model import Capability, Inventory


def _advertised(cap: Capability) -> bool:
    return any(support.advertised for support in cap.architectures.values())


def _enableable(cap: Capability) -> bool:
    return any(support.enables for support in cap.architectures.values())


def _used(cap: Capability) -> bool:
    return bool(cap.vmm)


# Word of --only → what it asks, and the test.
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
    """The part of an inventory that is meant.

    An architecture keeps what it answers or enables, a glob what matches (`KVM_CAP_` may be left out; several: any of
    them), a word of `ONLY` what passes its test (several: all of them, held against the architectures that are kept).
    """
    wanted = list(archs)
    patterns = [glob.upper() for glob in globs]
    tests = [ONLY[word][1] for word in only]
    kept = [_narrowed(cap, wanted) for cap in inventory.capabilities if _named(cap, patterns)]
    return replace(
        inventory,
        capabilities=[cap for cap in kept if (cap.architectures or not wanted) and all(test(cap) for test in tests)],
        architectures=[arch for arch in inventory.architectures if not wanted or arch in wanted],
    )


def within(inventory: Inventory, archs: Iterable[str], names: set[str]) -> Inventory:
    """The capabilities of these names, as the architectures have them, also where none of these knows it."""
    wanted = list(archs)
    kept = [_narrowed(cap, wanted) for cap in inventory.capabilities if cap.name in names]
    return replace(inventory, capabilities=kept)


def _named(cap: Capability, patterns: list[str]) -> bool:
    short = cap.name.removeprefix(PREFIX)
    return not patterns or any(fnmatchcase(cap.name, glob) or fnmatchcase(short, glob) for glob in patterns)


def _narrowed(cap: Capability, wanted: list[str]) -> Capability:
    if not wanted:
        return cap
    return replace(
        cap,
        architectures={arch: support for arch, support in cap.architectures.items() if arch in wanted},
        vmm=[use for use in cap.vmm if use.arch is None or use.arch in wanted],
        paths=[path for path in cap.paths if path.arch is None or path.arch in wanted],
        findings=[found for found in cap.findings if found.arch is None or found.arch in {*wanted, "generic"}],
    )
