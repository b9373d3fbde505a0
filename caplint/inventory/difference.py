"""What became of the capabilities from one set of trees to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from caplint.inventory.model import Capability, Inventory


@dataclass(frozen=True, slots=True)
class Change:
    """One capability that came, went or changed."""

    name: str
    kind: str
    """came, went, changed."""
    details: list[str]
    """Of a change, one line for each thing that is another one; else where it is advertised and enabled."""


@dataclass(frozen=True, slots=True)
class InventoryDifference:
    """All changes, by kind, then in the order of the inventories."""

    before: Inventory
    after: Inventory
    changes: list[Change]

    def of(self, kind: str) -> list[Change]:
        """Those of one kind."""
        return [change for change in self.changes if change.kind == kind]


def difference(before: Inventory, after: Inventory) -> InventoryDifference:
    """What came, went and changed; lines that only moved are no change."""
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
    for label, said in (*_support(cap), *_rest(cap)):
        if said:
            yield f"{label}: {said}"


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
            (f"{arch} enables", _enables(cap, arch)),
        )
    ]


def _enables(cap: Capability, arch: str) -> str:
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
