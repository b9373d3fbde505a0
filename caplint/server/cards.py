"""Cards of names: what the trees say of a capability, an ioctl or an MSR, from the tables of the inventory."""

from __future__ import annotations

from collections.abc import Iterator

from caplint.findings.finding import Finding
from caplint.inventory.collect import collect
from caplint.inventory.model import Capability, Section, SourceLine, Support
from caplint.knowledge.capability_names import is_capability
from caplint.report.inventory.words import MARKS, arguments
from caplint.server.interface_cards import ioctl_card, msr_card
from caplint.server.messages import Card
from caplint.server.occurrences import is_known
from caplint.session import Session
from caplint.util.errors import CaplintError

_MOST = 6
"""Maximum number of places in one line of a card."""


class Cards:
    """Cards of the names in a session; the inventory is collected when the first one is asked for."""

    def __init__(self, session: Session, findings: list[Finding]) -> None:
        self._session = session
        self._findings = findings
        self._capabilities: dict[str, Capability] | None = None

    def card(self, name: str) -> Card | None:
        """Return the card of a name; None for a name that is not KVM's."""
        if not is_known(self._session, name):
            return None
        connection = self._session.connection
        if not is_capability(name):
            return ioctl_card(connection, name) or msr_card(connection, name)
        if self._capabilities is None:
            self._capabilities = self._collected()
        capability = self._capabilities.get(name)
        return None if capability is None else _capability_card(capability)

    def _collected(self) -> dict[str, Capability]:
        try:
            inventory = collect(self._session, self._findings)
        except CaplintError:  # two kernels, whose answers would mix
            return {}
        return {capability.name: capability for capability in inventory.capabilities}


def _capability_card(cap: Capability) -> Card:
    number = "a number that is not computed" if cap.number is None else str(cap.number)
    title = f"{cap.name} = {number}" + (f", since {cap.since}" if cap.since else "")
    return Card(title, list(_lines(cap)))


def _lines(cap: Capability) -> Iterator[tuple[str, str]]:
    yield from _definition(cap)
    for arch, support in cap.architectures.items():
        yield arch, _support(support)
    if not cap.architectures:
        yield "kernel", "no handler answers or enables it"
    yield from _documentation(cap)
    for verb, label in _USED.items():
        if used := [use.place for use in cap.vmm if use.verb == verb]:
            yield label, _places(used)
    if cap.selftests:
        yield "self-tests", _places(cap.selftests)
    for found in cap.findings:
        yield f"{found.severity} {found.code}", found.message


def _definition(cap: Capability) -> Iterator[tuple[str, str]]:
    if cap.alias:
        yield "alias of", cap.alias
    if cap.comment:
        yield "comment", " ".join(cap.comment.split())
    if cap.condition != "1":
        yield "defined if", cap.condition


def _documentation(cap: Capability) -> Iterator[tuple[str, str]]:
    sections = [section for section in cap.documentation if section.heading] or cap.documentation[:1]
    for section in sections:
        yield "documentation", _section(section)
    if not sections:
        yield "documentation", "no section names it"
    if cap.ioctls:
        yield "announces", ", ".join(ioctl.name for ioctl in cap.ioctls)
    if cap.msrs:
        yield "MSRs", ", ".join(msr.name for msr in cap.msrs)


_USED = {"check": "checked in VMMs", "require": "required in VMMs", "enable": "enabled in VMMs"}
_ANSWERED = {"A": "always answered", "c": "answered if configuration or machine allow it", "v": "answered by VM"}


def _support(support: Support) -> str:
    words = [_ANSWERED.get(MARKS[support.advertised], "not answered")]
    if support.answers:
        words[0] += f" ({_places([answer.place for answer in support.answers])})"
    if support.enables:
        enabled = _places([enable.place for enable in support.enables])
        words.append(f"can be enabled, {arguments(support)} ({enabled})")
    return "; ".join(words)


def _section(section: Section) -> str:
    """Return number and title of a section, with its fields."""
    head = " ".join(filter(None, (section.section, section.title))) or "a paragraph"
    fields = (("type", section.type), ("architectures", section.architectures), ("parameters", section.parameters))
    said = "; ".join(f"{name}: {' '.join(value.split())}" for name, value in fields if value)
    where = "" if section.heading else " (mentioned)"
    return f"{head}{where}" + (f"; {said}" if said else "") + f" ({_places([section.place])})"


def _places(places: list[SourceLine]) -> str:
    shown = [f"{place.tree}:{place.path}:{place.line}" for place in places[:_MOST]]
    return ", ".join(shown) + (f" and {len(places) - _MOST} more" if len(places) > _MOST else "")
