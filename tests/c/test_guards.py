"""The labels of a function that are reached from elsewhere, against a plain search of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from caplint.c.guards import Jumps

names = st.sampled_from([b"a", b"b", b"c", b"d"])
places = st.dictionaries(names, st.lists(st.integers(0, 60), min_size=1, max_size=4))
sources = st.lists(st.tuples(st.integers(0, 60), names), max_size=8)
extents = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(places, sources, extents)
def test_first_entries(labels: dict[bytes, list[int]], gotos: list[tuple[int, bytes]], extent: list[int]) -> None:
    start, stop = extent
    entries = [(label, source) for source, name in gotos for label in labels.get(name, ()) if start <= label < stop]
    jumps = Jumps(labels, gotos)
    assert jumps.first_entry(start, stop) == min((label for label, source in entries if source < start), default=stop)
    outside = [label for label, source in entries if source not in range(start, stop)]
    assert jumps.first_from_outside(start, stop) == min(outside, default=stop)
