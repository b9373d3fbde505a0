"""Timelines of capabilities: the events of each tree, in words, in the order of history."""

from __future__ import annotations

from caplint.history.model import CapabilityHistory, Event, EventCause, Track
from caplint.report.inventory.timeline import timelines

CAUSES = tuple(EventCause(letter * 40, "2024-01-02", f"KVM: {letter}", is_merge=letter == "a") for letter in "abcde")


def _track(name: str, *events: Event) -> Track:
    return Track(name, "kernel", name, (), events)


def test_by_capability_and_tree() -> None:
    header = Event("KVM_CAP_A", "header", None, "renumbered", "5", "6", "v6.2", CAUSES[:1])
    check = Event("KVM_CAP_A", "check", "x86", "removed", "always", None, None)
    other = Event("KVM_CAP_B", "header", None, "brought", None, "7", None, CAUSES)
    found = timelines(CapabilityHistory((_track("kernel", header, check, other), _track("qemu", header))))
    assert {cap: [entry["tree"] for entry in entries] for cap, entries in found.items()} == {
        "KVM_CAP_A": ["kernel", "qemu"],
        "KVM_CAP_B": ["kernel"],
    }
    first, second = found["KVM_CAP_A"][0]["events"]
    assert (first["release"], first["place"], first["text"]) == ("v6.2", "header", "renumbered 5 -> 6")
    assert first["commits"] == [f"merge {'a' * 12} 2024-01-02 KVM: a"]
    assert (second["release"], second["arch"], second["commits"]) == ("unreleased", "x86", [])
    (last,) = found["KVM_CAP_B"][0]["events"]
    assert (last["release"], len(last["commits"]), last["commits"][-1]) == ("2024-01-02", 4, "and 2 more")


def test_nothing() -> None:
    assert timelines(CapabilityHistory(())) == {}
