"""The JSON Schema of caplint.toml, made of the tables by which the parser itself accepts keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caplint.abi.abis import abi_names
from caplint.config.keys import COVERAGE, MATRIX, SUPPRESS, TOP, TREE, C, Key
from caplint.config.toml_text import SCHEMA
from caplint.trees.detect import ROLES

_TYPES = {str: "string", list: "array", dict: "object", int: "integer", float: "number"}
# What only other parts of caplint know, so that the parser asks them late.
_ELSEWHERE: Mapping[tuple[str, str], Any] = {
    ("", "abis"): {"items": {"enum": list(abi_names())}},
    ("trees", "role"): {"enum": list(ROLES)},
}


def schema() -> dict[str, Any]:
    """Return the schema, in the draft that editors of TOML read."""
    tables = {"c": _table("c", C), "coverage": _table("coverage", COVERAGE), "matrix": _table("matrix", MATRIX)}
    tables["trees"] = {"type": "object", "additionalProperties": _table("trees", TREE, required=["path"])}
    tables["suppress"] = {"type": "array", "items": {**_table("suppress", SUPPRESS), **_SUPPRESSION}}
    top = _table("", TOP)
    for name, table in tables.items():
        top["properties"][name] = {"description": TOP[name].purpose, **table}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": SCHEMA,
        "title": "caplint.toml",
        "description": "Settings of caplint, also below [tool.caplint] of a pyproject.toml.",
        **top,
    }


# A subject or a path that says something.
_SUPPRESSION = {
    "required": ["code", "reason"],
    "anyOf": [{"required": [key], "properties": {key: {"pattern": r"\S"}}} for key in ("subject", "path")],
}


def _table(name: str, keys: Mapping[str, Key], required: list[str] | None = None) -> dict[str, Any]:
    properties = {key: _value(entry) | _ELSEWHERE.get((name, key), {}) for key, entry in keys.items()}
    table = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**table, "required": required} if required else table


def _value(key: Key) -> dict[str, Any]:
    kinds = key.kind if isinstance(key.kind, tuple) else (key.kind,)
    names = ["number"] if float in kinds else [_TYPES[kind] for kind in kinds]
    return {"description": key.purpose, "type": names[0] if len(names) == 1 else names, **key.limits}
