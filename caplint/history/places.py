"""Places of each capability in one state of a tree, in words that can be compared between states."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import astuple
from typing import NamedTuple

from caplint.config.settings import Config
from caplint.facts.store.store import FactStore
from caplint.inventory.collect import collect
from caplint.inventory.difference import enables_text
from caplint.inventory.model import Capability, SourceLine
from caplint.session import open_session
from caplint.trees.tree import Tree
from caplint.util.code_identity import CHANGING, code_identity

_RESULTS = (
    "tree", "configurations", "all_cap", "all_handler", "all_cap_answer", "all_cap_check", "all_cap_enable",
    "all_cap_msr", "all_doc_cap", "all_vmm_use",
)  # fmt: skip
"""Tables of links from which places are read; the links of other tables take more than half of the time."""


class CapabilityPlace(NamedTuple):
    """Place of a capability: its kind and its architecture."""

    name: str
    arch: str | None


class PlaceState(NamedTuple):
    """Content of a place."""

    text: str
    sites: tuple[tuple[str, str], ...]
    """Files that name the capability there, each with the function; empty outside of functions."""


Places = dict[str, dict[CapabilityPlace, PlaceState]]
"""Capability → its places."""


def cache_key(name: str, role: str, config: Config, state: str) -> str | None:
    """Return the cache key of the places of a tree whose content `state` names; None while the code is changing."""
    program = code_identity("caplint.history.places")
    if program.startswith(CHANGING):
        return None
    settings = (config.vendor_range, config.abis, config.oldest_kernel, astuple(config.repairs))
    digest = hashlib.sha256(repr((program, name, role, settings, state)).encode("utf-8", "surrogateescape"))
    return f"history {digest.hexdigest()}"


def recalled(store: FactStore, keys: list[str]) -> dict[str, Places]:
    """Return the places that are cached under some keys."""
    found = {}
    for key, text in store.recall_all(keys).items():
        try:
            found[key] = parsed(text)
        except (ValueError, TypeError):
            continue
    return found


def read(tree: Tree, config: Config, key: str | None = None) -> Places:
    """Return the places of a tree, read from its files, and cache them under the key. Raises `CaplintError`."""
    session = open_session([tree], config, results=_RESULTS)
    try:
        inventory = collect(session, [])
        places = {cap.name: dict(_places(cap)) for cap in inventory.capabilities}
        retain(session.store, key, places)
        return places
    finally:
        session.store.close()


def retain(store: FactStore, key: str | None, places: Places) -> None:
    """Cache the places under a key; None: not at all."""
    if key is not None:
        store.retain(key, rendered(places))


def _places(cap: Capability) -> Iterator[tuple[CapabilityPlace, PlaceState]]:
    for arch, support in cap.architectures.items():
        if support.advertised is not None:
            yield (
                CapabilityPlace("check", arch),
                PlaceState(support.advertised, _sites(row.place for row in support.answers)),
            )
        if support.enables:
            sites = _sites(row.place for row in support.enables)
            yield CapabilityPlace("enable", arch), PlaceState(enables_text(cap, arch), sites)
    if cap.documentation:
        section = cap.section
        kind = f", type {section.type}" if section is not None and section.type else ""
        sites = _sites(row.place for row in cap.documentation)
        yield (
            CapabilityPlace("documentation", None),
            PlaceState("a section" + kind if section is not None else "mentioned", sites),
        )
    if cap.selftests:
        yield CapabilityPlace("self-test", None), PlaceState("named", _sites(cap.selftests, whole=True))
    if cap.msrs:
        yield CapabilityPlace("MSR list", None), PlaceState(", ".join(msr.name for msr in cap.msrs), ())
    yield from _uses(cap)


def _uses(cap: Capability) -> Iterator[tuple[CapabilityPlace, PlaceState]]:
    scopes: dict[CapabilityPlace, set[str]] = defaultdict(set)
    lines: dict[CapabilityPlace, list[SourceLine]] = defaultdict(list)
    for use in cap.vmm:
        place = CapabilityPlace("VMM enable" if use.verb == "enable" else "VMM check", use.arch)
        scopes[place].add(f"{use.verb}d on {use.scope}".replace("checkd", "checked"))
        lines[place].append(use.place)
    for place, words in scopes.items():
        yield place, PlaceState(", ".join(sorted(words)), _sites(lines[place]))


def _sites(lines: Iterable[SourceLine], *, whole: bool = False) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({(line.path, "" if whole else line.function or "") for line in lines}))


def rendered(places: Places) -> str:
    """Return the places as text."""
    return json.dumps([[cap, [[*place, *state] for place, state in known.items()]] for cap, known in places.items()])


def parsed(text: str) -> Places:
    """Return the places of a text. Raises `ValueError` or `TypeError` for a damaged one."""
    return {
        cap: {
            CapabilityPlace(name, arch): PlaceState(words, tuple((path, function) for path, function in sites))
            for name, arch, words, sites in known
        }
        for cap, known in json.loads(text)
    }
