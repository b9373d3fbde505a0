"""The index of names is read in parts, and made again where a part is missing or damaged."""

from __future__ import annotations

import pytest

from caplint.facts.store.store import FactStore
from caplint.graph.postings import Postings

WORDS = {f"word_{number}": [number, number + 1] for number in range(1_000)} | {".member": [3], "\u00e9": [4]}


class _Tree:
    def __init__(self) -> None:
        self.readings = 0

    def collect(self) -> dict[str, list[int]]:
        self.readings += 1
        return WORDS


def _postings(store: FactStore, tree: _Tree, state: str = "one") -> Postings:
    return Postings(store, lambda: state, tree.collect)


def test_a_tree_is_read_once() -> None:
    store, tree = FactStore(None), _Tree()
    asked = ["word_7", "missing", ".member", "\u00e9", "word_7"]
    expected = [[7, 8], [], [3], [4], [7, 8]]
    assert _postings(store, tree).of(asked) == expected
    assert _postings(store, tree).of(asked) == expected
    assert tree.readings == 1
    assert _postings(store, tree, "two").of(asked) == expected
    assert tree.readings == 2


def test_only_the_parts_of_the_words_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    store, tree = FactStore(None), _Tree()
    _postings(store, tree).of([])
    _postings(store, tree).of(["word_1"])
    recalled: list[str] = []
    original = store.recall_all

    def noted(names: list[str]) -> dict[str, str]:
        names = list(names)
        recalled.extend(names)
        return original(names)

    monkeypatch.setattr(store, "recall_all", noted)
    postings = _postings(store, tree)
    assert postings.of(["word_1"]) == postings.of(["word_1"]) == [[1, 2]]
    assert len(recalled) == 1


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM memo WHERE name LIKE 'words one %'",
        "UPDATE memo SET value = '[' WHERE name LIKE 'words one %'",
        "UPDATE memo SET value = '[1]' WHERE name LIKE 'words one %'",
        "UPDATE memo SET value = 'many' WHERE name = 'words one'",
        "UPDATE memo SET value = '0' WHERE name = 'words one'",
    ],
)
def test_damaged_parts_are_made_again(damage: str) -> None:
    store, tree = FactStore(None), _Tree()
    _postings(store, tree).of(["word_1"])
    store.connection.execute(damage)
    assert _postings(store, tree).of(["word_1", "word_2"]) == [[1, 2], [2, 3]]
    assert _postings(store, tree).of(["word_3"]) == [[3, 4]]
    assert tree.readings == 2
