"""Card of a capability: a dozen short lines from the trees in view, as plain data without layout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from caplint.inventory.difference import enables_text
from caplint.inventory.model import ALWAYS, BY_VM, CONDITIONALLY, Capability, Inventory, SourceLine, Support, VmmPlace

# Lines of one label; what is more is counted in a last line.
_MOST = 6
# Characters of an expression of the source.
_LONGEST = 60
_ADVERTISED = {
    ALWAYS: "always",
    CONDITIONALLY: "depends on the configuration or the machine",
    BY_VM: "depends on the VM",
    None: "never",
}
_VERBS = {"check": "checks", "require": "requires", "enable": "enables"}


@dataclass(frozen=True, slots=True)
class CardLine:
    """One statement, such as `x86: always`, and the places that show it."""

    label: str
    """Subject of the statement: `number`, `answered`, `enabled`, `ioctl`, `MSR`, `documented` …"""
    text: str
    places: tuple[SourceLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """Statements about one capability. Lines of the same label follow each other."""

    name: str
    lines: tuple[CardLine, ...]


def card_of(cap: Capability, inventory: Inventory) -> Card:
    """Return the card of a capability of an inventory; for what no tree in view can tell, a line says so."""
    roles = {role for _, role, *_ in inventory.trees}
    lines = [*_identity(cap)]
    if "kernel" in roles:
        groups = (_answers(cap, inventory.architectures), _enables(cap), _announced(cap), _documented(cap), _tests(cap))
        lines += [line for group in groups for line in _limited(group)]
    else:
        lines.append(CardLine("answered", "unknown: no kernel is in view"))
    if roles & {"vmm", "manager"}:
        lines += _limited(_uses(cap))
    else:
        lines.append(CardLine("used", "unknown: no VMM is in view"))
    lines += _limited(CardLine("machine", text) for text in _machines(cap))
    lines += _limited(
        CardLine("finding", f"{found.severity} {found.code}: {found.message}", (found.place,)) for found in cap.findings
    )
    return Card(cap.name, tuple(lines))


def _identity(cap: Capability) -> Iterator[CardLine]:
    """Yield number, release, and the copies of the header that have another number."""
    first = cap.definitions[0]
    number = "unknown: its expression cannot be computed" if cap.number is None else str(cap.number)
    alias = f", the number of {cap.alias}" if cap.alias else ""
    yield CardLine("number", number + alias, (first.place,))
    for other in cap.definitions[1:]:
        if other.number != first.number:
            yield CardLine("number", f"{'unknown' if other.number is None else other.number} here", (other.place,))
    if cap.since:
        earlier = cap.since.removeprefix("<= ")
        yield CardLine("since", f"Linux {cap.since}" if earlier == cap.since else f"Linux {earlier} or before")


def _answers(cap: Capability, architectures: list[str]) -> Iterator[CardLine]:
    """Yield one line for all architectures that give the same answer at the same places."""
    groups: dict[tuple[str, tuple[SourceLine, ...]], list[str]] = {}
    for arch, support in cap.architectures.items():
        if support.advertised is not None:
            key = _answer_text(support), tuple(dict.fromkeys(answer.place for answer in support.answers))
            groups.setdefault(key, []).append(arch)
    for (text, places), archs in groups.items():
        yield CardLine("answered", f"{_names(archs, architectures)}: {text}", places)
    if not groups:
        yield CardLine("answered", "by no architecture")


def _answer_text(support: Support) -> str:
    text = _ADVERTISED[support.advertised]
    expressions = {answer.answer for answer in support.answers}
    (only,) = expressions if len(expressions) == 1 else (None,)
    return text if only is None else f"{text}, {_cut(only)}"


def _names(archs: list[str], architectures: list[str]) -> str:
    return "every architecture" if len(archs) > 1 and len(archs) == len(architectures) else ", ".join(archs)


def _enables(cap: Capability) -> Iterator[CardLine]:
    """Yield one line for all architectures that enable it in the same way."""
    groups: dict[tuple[str, tuple[SourceLine, ...]], list[str]] = {}
    for arch, support in cap.architectures.items():
        if support.enables:
            key = enables_text(cap, arch), tuple(dict.fromkeys(enable.place for enable in support.enables))
            groups.setdefault(key, []).append(arch)
    for (text, places), archs in groups.items():
        yield CardLine("enabled", f"{', '.join(archs)}: on the {text}", places)
    if not groups:
        yield CardLine("enabled", "by no architecture: it is only a question")


def _announced(cap: Capability) -> Iterator[CardLine]:
    for ioctl in cap.ioctls:
        yield CardLine("ioctl", ioctl.name + (f" ({ioctl.type})" if ioctl.type else ""), (ioctl.place,))
    for msr in cap.msrs:
        number = "" if msr.number is None else f" ({msr.number:#x})"
        yield CardLine("MSR", f"{msr.name}{number}: {', '.join(msr.evidence)}")


def _documented(cap: Capability) -> Iterator[CardLine]:
    section = cap.section
    if section is None:
        mentions = tuple(dict.fromkeys(entry.place for entry in cap.documentation))
        yield CardLine("documented", "no section; only mentioned" if mentions else "nowhere", mentions)
        return
    details = (("type", section.type), ("architectures", section.architectures), ("parameters", section.parameters))
    title = f"section {section.section}" if section.section else "a section"
    text = "; ".join([title, *(f"{name} {_cut(value)}" for name, value in details if value)])
    yield CardLine("documented", text, (section.place,))


def _tests(cap: Capability) -> Iterator[CardLine]:
    if cap.selftests:
        yield CardLine("tested", "by self-tests that name it", tuple(cap.selftests))


def _uses(cap: Capability) -> Iterator[CardLine]:
    """Yield one line for the uses of a program in one function."""
    groups: dict[tuple[str, str], list[VmmPlace]] = {}
    for use in cap.vmm:
        groups.setdefault((use.place.tree, _use_text(use)), []).append(use)
    for (tree, text), uses in groups.items():
        yield CardLine("used", f"{tree} {text}", tuple(dict.fromkeys(use.place for use in uses)))
    if not groups:
        yield CardLine("used", "by no VMM in view")


def _use_text(use: VmmPlace) -> str:
    words = [_VERBS.get(use.verb, use.verb), "it"]
    if use.place.function:
        words.append(f"in {use.place.function}()")
    if use.arch:
        words.append(f"on {use.arch}")
    return " ".join(words)


def _machines(cap: Capability) -> Iterator[str]:
    for one in cap.machines:
        on_vm = "" if one.vm is None or one.vm == one.system else f", {one.vm} on a VM"
        yield f"{one.machine} answers {one.system}{on_vm}" + (f"; {one.difference}" if one.difference else "")


def _limited(lines: Iterable[CardLine]) -> list[CardLine]:
    """Return at most `_MOST` lines of each label, and how many more there are."""
    groups: dict[str, list[CardLine]] = {}
    for line in lines:
        groups.setdefault(line.label, []).append(line)
    kept = []
    for label, group in groups.items():
        kept += group[:_MOST]
        if len(group) > _MOST:
            kept.append(CardLine(label, f"… and {len(group) - _MOST} more"))
    return kept


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"
