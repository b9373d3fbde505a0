"""The invariants hold of every seed, and break where a fact is made wrong: a fuzzer's silence means something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import invariants
import pytest

from caplint.facts.extract import extract
from caplint.facts.store.records import FileFacts, Function, Record, Token

_LANGUAGES = {"c": "c", "documentation": "rst", "kconfig": "kconfig", "make": "make", "meson": "meson"}
SEEDS = [(name, seed) for name in _LANGUAGES for seed in sorted((Path(__file__).parent / "seeds" / name).iterdir())]
_SOURCE = b"\nint f(void)\n{\n\treturn KVM_CAP_A;\n}\n"


@pytest.mark.parametrize(("name", "seed"), SEEDS, ids=lambda value: value.name if isinstance(value, Path) else value)
def test_seeds(name: str, seed: Path) -> None:
    source, language = seed.read_bytes(), _LANGUAGES[name]
    assert extract(source, language).records
    invariants.check(source, language)


def test_the_empty_input() -> None:
    invariants.check(b"", "c")


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (Function, lambda row: row._replace(stop=len(_SOURCE) + 1)),
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
    invariants.check(_SOURCE, "c")

    def wrong(source: bytes, language: str) -> FileFacts:
        facts = extract(source, language)
        facts.records = [change(row) if isinstance(row, kind) else row for row in facts.records]
        return facts

    monkeypatch.setattr(invariants, "extract", wrong)
    with pytest.raises(AssertionError):
        invariants.check(_SOURCE, "c")
