"""Mutants that no test can notice, each with the reason; they are not tried, and count for nothing."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("equivalent.toml")


def load(file: Path = FILE) -> dict[tuple[str, str, str], str]:
    """Source, code before and after → the reason."""
    entries: list[dict[str, Any]] = tomllib.loads(file.read_text("utf-8")).get("mutant", [])
    return {(entry["source"], entry["before"], entry["after"]): entry["reason"] for entry in entries}
