"""The invariants hold of every seed, and break where a fact is made wrong: a fuzzer's silence means something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import invariants
import pytest

from caplint.facts.extract import extract
from caplint.facts.store.records import FileFacts, Function, Record, Token

SEEDS = sorted((Path(__file__).parent / "seeds" / "front_end").iterdir())
_SOURCE = b"c\nint f(void)\n{\n\treturn KVM_CAP_A;\n}\n"


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_seeds(seed: Path) -> None:
    data = seed.read_bytes()
    facts = extract(data[1:], invariants.LANGUAGES.get(data[0], "c"))
    assert facts.records
    invariants.check(data)


def test_the_empty_input() -> None:
    invariants.check(b"")


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (Function, lambda row: row._replace(stop=len(_SOURCE))),
        (Function, lambda row: row._replace(start=row.stop + 1)),
        (Function, lambda row: row._replace(line=0)),
        (Function, lambda row: row._replace(line=9)),
        (Function, lambda row: row._replace(condition="")),
        (Token, lambda row: row._replace(occurrences=2)),
        (Token, lambda row: row._replace(column=99)),
    ],
)
def test_a_wrong_row_is_noticed(
    kind: type[Record], change: Callable[[Record], Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    invariants.check(_SOURCE)

    def wrong(source: bytes, language: str) -> FileFacts:
        facts = extract(source, language)
        facts.records = [change(row) if isinstance(row, kind) else row for row in facts.records]
        return facts

    monkeypatch.setattr(invariants, "extract", wrong)
    with pytest.raises(AssertionError):
        invariants.check(_SOURCE)
