"""Documents that back their claims with tests name tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@pytest.mark.parametrize("document", ["SECURITY.md", "docs/reliability.md"])
def test_every_test_that_is_named_exists(document: str) -> None:
    named = _NAMED.findall((_ROOT / document).read_text("utf-8"))
    assert named
    for path, name in named:
        assert re.search(rf"^def {name}\(", (_ROOT / path).read_text("utf-8"), re.MULTILINE), f"{path}::{name}"


def test_a_row_of_the_reliability_tables_names_a_test() -> None:
    rows = [line for line in (_ROOT / "docs/reliability.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    bare = [row for row in rows if not _NAMED.search(row) and not row.endswith("| test |")]
    assert bare == []
