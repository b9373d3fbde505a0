"""Cards of names: statements of the trees about a capability, an ioctl or an MSR, from the tables of the inventory."""

from __future__ import annotations

from caplint.findings.finding import Finding
from caplint.inventory.card import Card, card_of
from caplint.inventory.collect import collect
from caplint.inventory.model import Inventory
from caplint.knowledge.capability_names import is_capability
from caplint.server.interface_cards import ioctl_card, msr_card, places_text
from caplint.server.messages import NameCard
from caplint.server.occurrences import is_known
from caplint.session import Session
from caplint.util.errors import CaplintError


class Cards:
    """Cards of the names in a session; the inventory is collected when the first one is asked for."""

    def __init__(self, session: Session, findings: list[Finding]) -> None:
        self._session = session
        self._findings = findings
        self._inventory: Inventory | None = None

    def card(self, name: str) -> NameCard | None:
        """Return the card of a name; None for a name that is not KVM's."""
        if not is_known(self._session, name):
            return None
        connection = self._session.connection
        if not is_capability(name):
            return ioctl_card(connection, name) or msr_card(connection, name)
        inventory = self._inventory or self._collected()
        self._inventory = inventory
        return next((_shown(card_of(cap, inventory)) for cap in inventory.capabilities if cap.name == name), None)

    def _collected(self) -> Inventory:
        try:
            return collect(self._session, self._findings)
        except CaplintError:  # two kernels, whose answers would mix
            return Inventory([], [], [])


def _shown(card: Card) -> NameCard:
    lines = []
    for line in card.lines:
        places = places_text([(place.tree, place.path, place.line) for place in line.places])
        lines.append((line.label, line.text + (f" ({places})" if places else "")))
    return NameCard(card.name, lines)
