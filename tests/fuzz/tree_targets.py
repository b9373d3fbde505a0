"""Targets for whole checks: facts, links, layouts and all rules over two small trees."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest.mock import patch

from choices import Choices
from target import Target, answered
from tree_grammar import trees

from caplint.abi.evaluation_pool import Results, Tasks, _json
from caplint.abi.unit import evaluate
from caplint.config.settings import Config
from caplint.engine.check import check
from caplint.findings.finding import Finding
from caplint.rules import page as rule_pages
from caplint.rules.page import Rule
from caplint.trees.detect import directory_tree
from caplint.util import shipped_files

PATHS = tuple(trees(Choices(b"")))
"""Of the files, in the order in which an input of `linked` holds them."""
_BETWEEN = b"\xff"


@cache
def _rules() -> list[Rule]:
    return rule_pages.load([shipped_files.RULES])


@contextmanager
def _here(tasks: Tasks, jobs: int) -> Iterator[Results]:
    """Evaluate headers in this process, where the fuzzer sees it."""
    yield lambda: ({key: _json(evaluate(*task)) for key, task in tasks.items()}, True)


def checked(files: Mapping[str, bytes]) -> list[Finding]:
    """Return what all rules find in two trees; a rule's query never fails."""
    with tempfile.TemporaryDirectory(prefix="caplint-fuzz-") as place, answered() as said:
        for path, content in files.items():
            file = Path(place) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        both = [directory_tree(f"{place}/k"), directory_tree(f"{place}/q")]
        with patch("caplint.abi.evaluation_pool.evaluating", _here):
            return check([*both], _rules(), Config(cache="none", jobs=1)).findings
    assert not any("query" in line or "malformed" in line for line in said), said
    return []


def grammar(data: bytes) -> object:
    """Check trees that the grammar makes."""
    return checked({path: text.encode() for path, text in trees(Choices(data)).items()})


def linked(data: bytes) -> object:
    """Check trees whose files are the input's parts."""
    parts = data.split(_BETWEEN)
    return checked({path: parts[at] if at < len(parts) else b"" for at, path in enumerate(PATHS)})


def _links() -> Iterator[tuple[str, bytes]]:
    for name, data in Target(grammar, (), made=6).seeds():
        yield name, _BETWEEN.join(text.encode() for text in trees(Choices(data)).values())


_PACKAGES = ("caplint.link", "caplint.facts", "caplint.abi", "caplint.engine.check")
TARGETS = {
    "grammar": Target(grammar, _PACKAGES, share=4, made=6, seconds=20.0),
    "links": Target(linked, _PACKAGES, share=2, seconds=20.0, more=_links),
}
