"""The file that carries a machine's answers: what is written is read again, and what else it holds is refused."""

from __future__ import annotations

import copy
import io
import json
import os
import time
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caplint.knowledge.load import knowledge
from caplint.machine.record import MAX_BYTES, Answer, Machine, as_object, parse, read
from caplint.util.errors import CaplintError

RECORD: dict[str, Any] = {
    "version": 1,
    "caplint": "0.1.0",
    "machine": "box",
    "release": "6.12.3",
    "arch": "x86",
    "asked": {"first": 0, "last": 1023},
    "vm_error": None,
    "answers": [
        {"number": 0, "name": "KVM_CAP_IRQCHIP", "system": 1, "vm": 1},
        {"number": 9, "name": None, "system": -22, "vm": None},
    ],
}
SCHEMA: dict[str, Any] = json.loads(resources.files("caplint").joinpath("schemas/probe.json").read_text("utf-8"))


def _bytes(record: object) -> bytes:
    return json.dumps(record).encode()


def _with(path: str, value: object) -> dict[str, Any]:
    record = copy.deepcopy(RECORD)
    at: Any = record
    *way, last = [int(word) if word.isdigit() else word for word in path.split(".")]
    for word in way:
        at = at[word]
    at[last] = value
    return record


def test_a_record_is_what_was_written() -> None:
    machine = parse(_bytes(RECORD), "box.json")
    assert machine == Machine(
        "box", "6.12.3", "x86", 0, 1023, (Answer(0, "KVM_CAP_IRQCHIP", 1, 1), Answer(9, None, -22, None))
    )
    assert as_object(machine) == RECORD | {"caplint": as_object(machine)["caplint"]}


def test_the_schema_knows_the_architectures() -> None:
    assert SCHEMA["properties"]["arch"]["enum"] == knowledge().architectures
    jsonschema.validate(RECORD, SCHEMA)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ([], "it is not an object"),
        ({}, "it lacks version"),
        (_with("version", 2), "version is 2, but this caplint reads version 1"),
        (_with("version", True), "version is True"),
        (_with("msrs", []), "holds MSRs, not answers of /dev/kvm"),
        (_with("answer", 1), "unknown key 'answer'; did you mean answers?"),
        (_with("arch", "sparc"), "arch is 'sparc', but must be one of x86, arm64"),
        (_with("arch", "x86_64"), "arch is 'x86_64', but must be one of"),
        (_with("machine", ""), "machine is '', but must be a line"),
        (_with("machine", "a\nb"), "machine is 'a\\nb', but must be a line"),
        (_with("machine", "\x1b[31m"), "must be a line"),
        (_with("machine", "x" * 256), "…, but must be a line of 1 to 255 characters"),
        (_with("asked", 7), "asked is not an object"),
        (_with("asked.last", 65536), "asked.last is 65536, but must be a number from 0 to 65535"),
        (_with("asked.last", 1.0), "asked.last is 1.0"),
        (_with("asked.first", 2000), "asked.last is 1023, but must be a number from 2000"),
        (_with("answers", {}), "answers must be a list"),
        (_with("answers.0", 7), "answers[0] is not an object"),
        (_with("answers.0.number", 1024), "answers[0].number is 1024, but must be a number from 0 to 1023"),
        (_with("answers.1.number", 0), "answers[1] repeats number 0"),
        (_with("answers.0.number", True), "answers[0].number is True"),
        (_with("answers.0.name", "KVM_CAP_"), "answers[0].name is 'KVM_CAP_', which is not the name of a capability"),
        (_with("answers.0.name", "KVM_CAP_X\n"), "which is not the name of a capability"),
        (_with("answers.0.system", 2**31), "answers[0].system is 2147483648"),
        (_with("answers.0.system", None), "answers[0].system is None"),
        (_with("answers.0.vm", "1"), "answers[0].vm is '1'"),
        (_with("vm_error", 3), "vm_error is 3"),
        (_with("version", 1.0), "version is 1.0, but this caplint reads version 1"),
        (_with("version", float("nan")), "version is nan"),
        (_with("asked.last", float("inf")), "asked.last is inf"),
        (_with("asked.last", 10**4000), "asked.last is 1000"),
        (_with("machine", "a\0b"), "machine is 'a\\x00b'"),
    ],
)
def test_what_a_record_may_not_say(record: object, message: str) -> None:
    with pytest.raises(CaplintError) as error:
        parse(_bytes(record), "box.json")
    assert "probe box.json: " in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not valid JSON"),
        (b"\xff", "is not valid JSON"),
        (b"[" * 200_000, "is not valid JSON"),
        (b"1" * 5000, "is not valid JSON"),
        (b" " * (MAX_BYTES + 1), "is larger than 4000000 bytes"),
        (b'{"version": 1, "version": 1}', "holds the key 'version' twice"),
        (b"{%s}" % b",".join(b'"%d":0' % (number % 299_999) for number in range(300_000)), "holds the key '0' twice"),
        (b'{"%s": 1}' % (b"k" * 3_000_000), "it has an unknown key"),
    ],
    ids=["empty", "no text", "nested", "a long number", "large", "twice", "late", "a long key"],
)
def test_what_is_no_record(content: bytes, message: str) -> None:
    with pytest.raises(CaplintError) as error:
        parse(content, "box.json")
    assert message in str(error.value)
    assert len(str(error.value)) < 300


def test_a_key_without_end() -> None:
    begun = time.process_time()
    with pytest.raises(CaplintError) as error:
        parse(_bytes({"version" * 500_000: 1}), "box.json")
    assert len(str(error.value)) < 300
    assert time.process_time() - begun < 3


def test_nesting_that_can_be_read_and_not_shown() -> None:
    for depth in range(100, 1000, 3):
        record = json.dumps(_with("version", "HERE")).replace('"HERE"', "[" * depth + "1" + "]" * depth)
        with pytest.raises(CaplintError, match=r"version is \[|is nested too deeply|is not valid JSON"):
            parse(record.encode(), "box.json")


def test_a_value_that_cannot_be_shown_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some versions of Python read deeper nesting than they show."""

    def fail(_: object) -> str:
        raise RecursionError

    monkeypatch.setattr("caplint.machine.record._short", fail)
    with pytest.raises(CaplintError, match=r"probe box\.json: is nested too deeply"):
        parse(_bytes(_with("version", [])), "box.json")


def test_no_more_of_standard_input_is_read_than_a_record_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = io.BytesIO(b" " * (2 * MAX_BYTES))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(sent))
    with pytest.raises(CaplintError, match="is larger than 4000000 bytes"):
        read("-")
    assert sent.tell() == MAX_BYTES + 1


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match="cannot be read: No such file"):
        read(str(tmp_path / "no.json"))
    with pytest.raises(CaplintError, match="is a directory"):
        read(str(tmp_path))
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(CaplintError, match=r"^--probe .*fifo: cannot be read: it is a FIFO"):
        read(str(tmp_path / "fifo"))
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(50 << 20)
    with pytest.raises(CaplintError, match=r"sparse: 52,428,800 bytes; more than 4,000,000 are not read"):
        read(str(tmp_path / "sparse"))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70_000) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_PLACES = ["version", "machine", "arch", "asked", "asked.first", "asked.last", "vm_error", "answers", "answers.0",
           "answers.0.number", "answers.1.name", "answers.1.system", "answers.0.vm", "other"]  # fmt: skip


@settings(deadline=None)  # a busy machine takes longer than the default of 200 ms
@given(st.sampled_from(_PLACES), _JSON)
def test_what_is_read_fits_the_schema_and_survives(path: str, value: object) -> None:
    record = _with(path, value)
    try:
        machine = parse(_bytes(record), "box.json")
    except CaplintError:
        return
    jsonschema.validate(record, SCHEMA)
    assert parse(_bytes(as_object(machine)), "again") == machine


@given(st.binary(max_size=200))
def test_any_bytes_are_a_record_or_an_error(content: bytes) -> None:
    with pytest.raises(CaplintError):
        parse(content, "box.json")
