"""No file can hang or kill a run: it becomes a blind spot, and the rest is read."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import pytest

from caplint.c.tables import Repairs, Tables
from caplint.facts import workers
from caplint.facts.extract import extract
from caplint.facts.store.records import BlindSpot, FileFacts
from caplint.facts.workers import Read, read_all
from caplint.util import limited_processes
from caplint.util.errors import CaplintError

_SOUND = b"int f(void)\n{\n\treturn g();\n}\n"


def _read(contents: dict[str, bytes], *, together: bool = True) -> dict[str, Read]:
    entries = [((name, "c"), content) for name, content in contents.items()]
    batches = [entries] if together else [[entry] for entry in entries]
    # `largest` says that a process is needed; the contents stay small so that the test is quick.
    results = read_all(batches, largest=1 << 20, total=1 << 10, repairs=Repairs(), jobs=2)
    return {key[0]: (key, size, facts, keep) for batch in results for key, size, facts, keep in batch}


def _unless(content: bytes, act: Callable[[], None]) -> Callable[[bytes, str, Tables | None], FileFacts]:
    def reading(source: bytes, language: str, repairs: Tables | None = None) -> FileFacts:
        if source == content:
            act()
        return extract(source, language, repairs)

    return reading


def _busy() -> None:
    end = time.process_time() + 60
    while time.process_time() < end:
        pass


def test_a_file_that_takes_too_long_is_a_blind_spot_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited_processes, "PATIENCE", 200)  # the machine may be busy
    monkeypatch.setattr(workers, "FILE_TIMEOUT", 0.5)
    monkeypatch.setattr(workers, "extract", _unless(b"slow", _busy))
    found = _read({"a": _SOUND, "b": b"slow", "c": _SOUND})
    assert found["b"][2].records == [BlindSpot(0, 4, 1, "took longer than 0.5 s")]
    assert found["b"][3]
    assert found["a"][2] == found["c"][2] == extract(_SOUND, "c")


def test_a_regular_expression_that_backtracks_without_end_is_run_where_it_can_be_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limited_processes, "PATIENCE", 200)  # the machine may be busy
    monkeypatch.setattr(workers, "FILE_TIMEOUT", 0.5)
    source = b"void f(void)\n{\n\t%s(x)\n\t\tg(KVM_CAP_HLT);\n}\n" % (b"a" * 60)
    (found,) = workers.read_all([[(("oid", "c"), source)]], len(source), len(source), Repairs((), ("(a|aa)*b",)), 1)
    assert found[0][2].records == [BlindSpot(0, len(source), 1, "took longer than 0.5 s")]


def test_what_a_busy_machine_keeps_from_its_processor_is_no_blind_spot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "FILE_TIMEOUT", 0.5)
    monkeypatch.setattr(workers, "extract", _unless(_SOUND, lambda: time.sleep(1)))
    assert _read({"a": _SOUND})["a"][2] == extract(_SOUND, "c")


def test_a_file_whose_reading_does_not_end_is_a_blind_spot_for_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "FILE_TIMEOUT", 0.5)
    monkeypatch.setattr(limited_processes, "PATIENCE", 2)
    monkeypatch.setattr(workers, "extract", _unless(b"stuck", lambda: time.sleep(60)))
    found = _read({"a": _SOUND, "b": b"stuck"})
    assert found["b"][2].records == [BlindSpot(0, 5, 1, "the worker process did not finish")]
    assert not found["b"][3]
    assert found["a"][2] == extract(_SOUND, "c")


def test_a_file_that_kills_its_process_is_a_blind_spot_for_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "extract", _unless(b"deadly", lambda: os._exit(3)))
    found = _read({"a": _SOUND, "b": b"deadly", "c": _SOUND})
    assert found["b"][2].records == [BlindSpot(0, 6, 1, "the worker process died")]
    assert not found["b"][3]
    assert found["a"][2] == found["c"][2] == extract(_SOUND, "c")


def _short() -> None:
    raise MemoryError


def test_a_file_that_finds_no_memory_is_a_blind_spot_for_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "extract", _unless(b"large", _short))
    found = _read({"a": _SOUND, "b": b"large"})
    assert found["b"][2].records == [BlindSpot(0, 5, 1, "the worker process died")]
    assert not found["b"][3]
    assert found["a"][2] == extract(_SOUND, "c")


def test_processes_that_are_lost_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object) -> Future[None]:
        future: Future[None] = Future()
        future.set_exception(BrokenProcessPool("lost"))
        return future

    monkeypatch.setattr(workers, "begin", lost)
    with pytest.raises(CaplintError, match="ended unexpectedly; run caplint again"):
        _read({"a": _SOUND})


def test_few_files_are_in_memory_at_once() -> None:
    taken = []

    def batches() -> Iterator[workers.Batch]:
        for number in range(100):
            taken.append(number)
            yield [((str(number), "c"), _SOUND)]

    results = read_all(batches(), largest=1 << 20, total=1 << 10, repairs=Repairs(), jobs=2)
    next(results)
    assert len(taken) <= 2 * 2
    results.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("together", [True, False])
def test_processes_change_nothing(*, together: bool) -> None:
    contents = {str(number): _SOUND * number for number in range(1, 9)}
    assert {name: entry[2] for name, entry in _read(contents, together=together).items()} == {
        name: extract(content, "c") for name, content in contents.items()
    }
