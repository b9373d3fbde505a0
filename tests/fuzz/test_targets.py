"""The fuzzer's targets take their seeds, whatever hypothesis makes of them, and notice what is wrong."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import canary_targets
import header_targets
import patch_targets
import pytest
import result_targets
import setting_targets
from hypothesis import given, settings
from hypothesis import strategies as st
from target import Target
from targets import TARGETS

from caplint.machine import record
from caplint.trees.series import PatchedTrees, apply_series, read_series
from caplint.util.errors import CaplintError
from caplint.util.escape import visible

# Whole checks, and megabytes: a second each. Their seeds alone are enough of a test.
_SLOW = {"grammar", "links", "growth", "imitation", "c"}
SEEDS = [(name, seed, data) for name, target in TARGETS.items() for seed, data in target.seeds()]
_DIFF = b"--- a/virt/kvm/end.c\n+++ b/virt/kvm/end.c\n@@ -1 +1 @@\n-int x;\n+int y;\n"


@pytest.mark.parametrize(
    ("name", "data"), [(name, data) for name, _, data in SEEDS], ids=[f"{a}-{b}" for a, b, _ in SEEDS]
)
def test_seeds(name: str, data: bytes) -> None:
    TARGETS[name].run(data)


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


@pytest.mark.parametrize("name", sorted(TARGETS.keys() - _SLOW))
def test_anything_like_a_seed(name: str) -> None:
    seeds = [data for other, _, data in SEEDS if other == name]

    @settings(max_examples=60, deadline=None, database=None)
    @given(_mutated(seeds) | st.binary(max_size=100))
    def tried(data: bytes) -> None:
        TARGETS[name].check(data)

    tried()


def test_a_slow_reader_is_noticed() -> None:
    target = Target(lambda _: sum(range(3_000_000)), (), seconds=0.001)
    with pytest.raises(AssertionError, match=r"s for 3 bytes"):
        target.run(b"abc")


def test_another_result_is_noticed() -> None:
    counted: Iterator[int] = iter(range(1000))
    target = Target(lambda _: next(counted), ())
    twice = next(bytes([number]) for number in range(256) if zlib.crc32(bytes([number])) % 8 == 0)
    with pytest.raises(AssertionError, match="another result"):
        target.run(twice)


def test_an_error_that_says_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> None:
        raise CaplintError(" ")

    monkeypatch.setattr(patch_targets, "read_series", silent)
    with pytest.raises(AssertionError, match="an error says nothing"):
        patch_targets.parsed(_DIFF)


def test_a_patch_that_leaves_the_tree_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    series = read_series([("input.patch", _DIFF)], lambda _: None)
    series[0].patches[0].files[0] = replace(series[0].patches[0].files[0], old="../a.c")
    monkeypatch.setattr(patch_targets, "read_series", lambda *_: series)
    with pytest.raises(AssertionError):
        patch_targets.parsed(_DIFF)


def test_a_diff_that_is_applied_wrongly_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    data = next(data for name, seed, data in SEEDS if (name, seed) == ("apply", "made-1"))

    def wrong(*given: object) -> list[PatchedTrees]:
        laid = apply_series(*given)  # type: ignore[arg-type]
        laid[0].trees = []
        return laid

    patch_targets.applied(data)
    monkeypatch.setattr(patch_targets, "apply_series", wrong)
    with pytest.raises(AssertionError):
        patch_targets.applied(data)


def test_a_command_that_is_run_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def running() -> Iterator[list[str]]:
        canary_targets.canary()[1].touch()
        yield []

    monkeypatch.setattr(canary_targets, "answered", running)
    with pytest.raises(AssertionError, match="was run"):
        canary_targets.imitating(_DIFF)


def test_a_record_that_changes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    seed = next(data for name, _, data in SEEDS if name == "probe")
    setting_targets.probe(seed)
    whole = record.as_object
    monkeypatch.setattr(record, "as_object", lambda machine: {**whole(machine), "machine": "another"})
    with pytest.raises(AssertionError):
        setting_targets.probe(seed)


def test_a_report_that_controls_a_terminal_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def unsafe(*_: str) -> object:
        return lambda _, stream, __: stream.write("\x1b[31m\n")

    result_targets.rows(b"")
    monkeypatch.setattr(result_targets, "writer", unsafe)
    with pytest.raises(AssertionError):
        result_targets.rows(b"")
    assert visible("\x1b") != "\x1b"


def test_thinning_that_changes_a_header_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    header = b"struct kvm_a { int b; };\n"
    header_targets.thinned(header)
    seen: Iterator[object] = iter([([SimpleNamespace(text="struct")], []), ([], [])])
    monkeypatch.setattr(header_targets, "_seen", lambda _: next(seen))
    monkeypatch.setattr(header_targets, "_compiled", lambda _: ["other"])
    with pytest.raises(AssertionError):
        header_targets.thinned(header)
