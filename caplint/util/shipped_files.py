"""Directories of the shipped rule pages and mini-trees: in the wheel, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def _shared(name: str) -> Path:
    installed = _PACKAGE / "share" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


RULES = _shared("rules")
FIXTURES = _shared("fixtures")
