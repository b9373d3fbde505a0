"""Differences between the capabilities of two sets of trees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from caplint.inventory.model import Capability, Inventory


@dataclass(frozen=True, slots=True)
class Change:
    """Capability that came, went or changed."""

    name: str
    kind: str
    """`came`, `went` or `changed`."""
    details: list[str]
    """One line per changed property; for a capability that came or went, one line per property it has."""


@dataclass(frozen=True, slots=True)
class InventoryDifference:
    """Changes by kind, then in the order of the inventories."""

    before: Inventory
    after: Inventory
    changes: list[Change]

    def of(self, kind: str) -> list[Change]:
        """Return the changes of one kind."""
        return [change for change in self.changes if change.kind == kind]


def difference(before: Inventory, after: Inventory) -> InventoryDifference:
    """Return the capabilities that came, went and changed; moved lines are not a change."""
    old = {cap.name: cap for cap in before.capabilities}
    new = {cap.name: cap for cap in after.capabilities}
    changes = [Change(name, "came", list(_state(cap))) for name, cap in new.items() if name not in old]
    changes += [Change(name, "went", list(_state(cap))) for name, cap in old.items() if name not in new]
    for name, cap in new.items():
        if name in old and (details := list(_changed(old[name], cap))):
            changes.append(Change(name, "changed", details))
    return InventoryDifference(before, after, changes)


def _state(cap: Capability) -> Iterator[str]:
    yield f"number {cap.number}"
    for label, text in (*_support(cap), *_rest(cap)):
        if text:
            yield f"{label}: {text}"


def _changed(old: Capability, new: Capability) -> Iterator[str]:
    if old.number != new.number:
        yield f"number {old.number} -> {new.number}"
    before, after = dict([*_support(old), *_rest(old)]), dict([*_support(new), *_rest(new)])
    for label in dict.fromkeys([*before, *after]):
        was, now = before.get(label, ""), after.get(label, "")
        if was != now:
            yield f"{label}: {was or 'no'} -> {now or 'no'}"


def _support(cap: Capability) -> list[tuple[str, str]]:
    return [
        row
        for arch, support in cap.architectures.items()
        for row in (
            (f"{arch} advertises", support.advertised or ""),
            (f"{arch} enables", enables_text(cap, arch)),
        )
    ]


def enables_text(cap: Capability, arch: str) -> str:
    """Return the descriptors on which an architecture enables it, with the arguments that it reads."""
    support = cap.architectures[arch]
    words = []
    for scope in support.scopes:
        positions = {row.position for enable in support.enables if enable.scope == scope for row in enable.arguments}
        words.append(scope + (f" args[{', '.join(map(str, sorted(positions)))}]" if positions else ""))
    return ", ".join(words)


def _rest(cap: Capability) -> list[tuple[str, str]]:
    section = cap.section
    return [
        ("documented", "a section" if section else "mentioned" if cap.documentation else ""),
        ("documented type", (section.type or "") if section else ""),
        ("ioctls", ", ".join(sorted(ioctl.name for ioctl in cap.ioctls))),
        ("self-tests", "named" if cap.selftests else ""),
        ("VMM", ", ".join(sorted({use.verb for use in cap.vmm}))),
    ]
