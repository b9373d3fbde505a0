"""Key of the facts of a file: it tells which code reads the file, and with which tables it is repaired."""

from __future__ import annotations

import string
from collections.abc import Iterator

import pytest

from caplint.c.tables import Repairs, tables
from caplint.facts import identity as identity_module
from caplint.facts.harvest import ExtractionSettings
from caplint.facts.identity import identity
from caplint.util import code_identity as code_module
from caplint.util.code_identity import closure

READERS = {
    "facts/harvest.py", "facts/extract.py", "facts/expanded.py", "facts/lowered.py", "facts/kinds/calls.py",
    "facts/store/schema.sql", "c/repair.py", "c/tables.toml", "rust/lower.py",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    identity.cache_clear()
    yield
    identity.cache_clear()


def _with_other_code(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let all code be other code from now on; the list grows by the modules that are asked for."""
    asked: list[str] = []

    def changed(*entries: str) -> str:
        asked.extend(entries)
        return f"other code of {entries}"

    monkeypatch.setattr(identity_module, "code_identity", changed)
    return asked


def test_it_covers_what_reads_c_rust_and_expanded_code(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _with_other_code(monkeypatch)
    identity(tables().identity)
    assert closure(*asked) >= READERS


def test_it_does_not_cover_rules_and_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of those leaves the facts as they are; reading a kernel again would cost seconds for nothing."""
    asked = _with_other_code(monkeypatch)
    identity(tables().identity)
    assert not [path for path in closure(*asked) if path.startswith(("rules/", "link/", "report/"))]


def test_other_code_reads_other_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = identity("tables")
    identity.cache_clear()
    _with_other_code(monkeypatch)
    assert identity("tables") != before


def test_each_addition_to_the_tables_reads_other_facts() -> None:
    additions = [
        Repairs(),
        Repairs(attributes=("__my_section",)),
        Repairs(attributes=("__my_section()",)),
        Repairs(iterators=("__my_section",)),
        Repairs(attributes=("__a", "__b")),
        Repairs(attributes=("__a__b",)),
    ]
    keys = [ExtractionSettings(repairs, 1).extractor for repairs in additions]
    assert len(set(keys)) == len(additions)
    assert ExtractionSettings(Repairs(), 8).extractor == keys[0]


def test_a_key_is_short_and_needs_no_quotes() -> None:
    """It stands in every row of a blob."""
    key = identity("'; \"\n" * 10_000)
    assert len(key) == 20
    assert set(key) <= set(string.hexdigits)


def test_code_that_changes_while_it_runs_is_never_answered_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def changing(process: int) -> str:
        identity.cache_clear()
        code_module.code_identity.cache_clear()
        monkeypatch.setattr("os.getpid", lambda: process)
        return identity("tables")

    monkeypatch.setattr(code_module, "_STARTED_NS", 0)
    keys = {changing(1), changing(2)}
    monkeypatch.undo()
    code_module.code_identity.cache_clear()
    assert len(keys) == 2
