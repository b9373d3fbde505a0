"""Inventory as one JSON object with the schema schemas/inventory.json."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from caplint import __version__
from caplint.graph.path_model import Path
from caplint.inventory.difference import InventoryDifference
from caplint.inventory.model import Capability, Inventory
from caplint.report.paths import as_object as path_object


def as_object(inventory: Inventory) -> dict[str, Any]:
    """Return the inventory as plain data."""
    return {
        "version": 1,
        "caplint": __version__,
        "trees": _trees(inventory),
        "architectures": inventory.architectures,
        "capabilities": [capability_object(cap) for cap in inventory.capabilities],
    }


def difference_object(found: InventoryDifference) -> dict[str, Any]:
    """Return the added, removed and changed capabilities as plain data."""
    return {
        "version": 1,
        "caplint": __version__,
        "before": _trees(found.before),
        "after": _trees(found.after),
        **{
            kind: [{"name": c.name, "details": c.details} for c in found.of(kind)]
            for kind in ("came", "went", "changed")
        },
    }


def _trees(inventory: Inventory) -> list[dict[str, Any]]:
    return [dict(zip(("name", "role", "path", "revision"), tree, strict=True)) for tree in inventory.trees]


def capability_object(cap: Capability) -> dict[str, Any]:
    """Return one capability as plain data, its paths reduced to the steps that a reader needs."""
    plain = asdict(replace(cap, paths=[]))
    if not cap.traced:
        del plain["traced"]
    plain["paths"] = [_path(cap.name, path) for path in cap.paths]
    return plain


def _path(name: str, path: Path) -> dict[str, Any]:
    whole = path_object(name, path.arch, [path])
    return {"verb": path.verb, "arch": path.arch, "steps": whole["paths"][0], "broken": whole["broken"][0]}
