"""The fuzzer's targets take their seeds, whatever hypothesis makes of them, and notice what is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import targets
from hypothesis import given, settings
from hypothesis import strategies as st
from targets import TARGETS

from caplint.machine import record
from caplint.trees.series import read_series

SEEDS = [(name, seed) for name, target in TARGETS.items() for place in target.seeds for seed in sorted(place.iterdir())]
_SMALL = {name: [seed.read_bytes() for other, seed in SEEDS if other == name] for name in TARGETS}


@pytest.mark.parametrize(("name", "seed"), SEEDS, ids=lambda value: value.name if isinstance(value, Path) else value)
def test_seeds(name: str, seed: Path) -> None:
    TARGETS[name].check(seed.read_bytes())


@st.composite
def _mutated(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A seed with a stretch of it replaced, left out or repeated."""
    seed = draw(st.sampled_from(seeds))
    start = draw(st.integers(0, len(seed)))
    stop = draw(st.integers(start, min(len(seed), start + 60)))
    middle = draw(
        st.binary(max_size=8) | st.just(seed[start:stop] * 2) | st.sampled_from([b"\n", b'"', b"\0", b"9" * 30])
    )
    return seed[:start] + middle + seed[stop:]


@pytest.mark.parametrize("name", [name for name in TARGETS if name != "front_end"])
def test_anything_like_a_seed(name: str) -> None:
    check = TARGETS[name].check

    @settings(max_examples=60, deadline=None, database=None)
    @given(_mutated(_SMALL[name]) | st.binary(max_size=100))
    def tried(data: bytes) -> None:
        check(data)

    tried()


def test_a_patch_that_leaves_the_tree_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    seed = b"--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-a\n+b\n"
    targets.patch(seed)
    series = read_series([("input.patch", seed)], lambda _: None)
    series[0].patches[0].files[0] = replace(series[0].patches[0].files[0], old="../a.c")
    monkeypatch.setattr(targets, "read_series", lambda *_: series)
    with pytest.raises(AssertionError):
        targets.patch(seed)


def test_a_record_that_changes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    seed = _SMALL["probe"][0]
    targets.probe(seed)
    whole = record.as_object
    monkeypatch.setattr(record, "as_object", lambda machine: {**whole(machine), "machine": "another"})
    with pytest.raises(AssertionError):
        targets.probe(seed)
