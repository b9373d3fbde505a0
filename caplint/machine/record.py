"""Probe record: a file with the answers of one machine, with the schema schemas/probe.json.

The file comes from another machine and is untrusted input: everything that the schema does not allow is refused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caplint import __version__
from caplint.knowledge.capability_names import is_portable_name
from caplint.knowledge.load import knowledge
from caplint.util.errors import CaplintError
from caplint.util.escape import visible
from caplint.util.regular_file import read_regular, standard_input
from caplint.util.suggest import suggestion

# A record of every number up to `LIMIT` is far smaller.
MAX_BYTES = 4_000_000
LIMIT = 65_535
"""Highest capability number that may be queried."""
_LONGEST = 255
_ANSWERS = range(-(2**31), 2**31)


@dataclass(frozen=True)
class Answer:
    """Answers of `KVM_CHECK_EXTENSION` for one number; a negative answer is a negated errno."""

    number: int
    name: str | None
    """Name in the headers that were available at the time of the query."""
    system: int
    vm: int | None
    """Answer on a VM's descriptor; None if no VM could be queried."""


@dataclass(frozen=True)
class Machine:
    """Answers of one machine. Numbers within the range that are not listed were answered 0."""

    name: str
    release: str
    """Release of its kernel, as printed by `uname -r`."""
    arch: str
    first: int
    last: int
    answers: tuple[Answer, ...]
    vm_error: str | None = None
    """Reason why no VM could be queried."""


def as_object(machine: Machine) -> dict[str, Any]:
    """Return the record as plain data."""
    return {
        "version": 1,
        "caplint": __version__,
        "machine": machine.name,
        "release": machine.release,
        "arch": machine.arch,
        "asked": {"first": machine.first, "last": machine.last},
        "vm_error": machine.vm_error,
        "answers": [
            {"number": answer.number, "name": answer.name, "system": answer.system, "vm": answer.vm}
            for answer in machine.answers
        ],
    }


def read(file: str) -> Machine:
    """Return the machine of a file, `-` for standard input. Raises `CaplintError` for an invalid record."""
    if file == "-":
        return parse(standard_input(MAX_BYTES), "standard input")
    if Path(file).is_dir():
        raise CaplintError(f"--probe {file}: is a directory; to query this machine, put `--probe` last")
    try:
        content = read_regular(Path(file), MAX_BYTES)
    except CaplintError as error:
        raise CaplintError(f"--probe {error}") from error
    return parse(content, file)


def parse(content: bytes, label: str) -> Machine:
    """Return the machine of a record's bytes. Raises `CaplintError` with the label and the invalid field."""
    try:
        if len(content) > MAX_BYTES:
            raise _WrongError(f"is larger than {MAX_BYTES} bytes")
        try:
            return _machine(_loaded(content))
        except RecursionError:
            raise _WrongError("is nested too deeply") from None
    except _WrongError as error:
        advice = "`caplint probe --output-format json` writes such a record"
        raise CaplintError(f"probe {label}: {error}; {advice}") from error


class _WrongError(Exception):
    """Violation of the record's schema."""


def _loaded(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:  # invalid UTF-8 or syntax, too long a number, too deep nesting
        raise _WrongError(f"is not valid JSON: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object. Raises `_WrongError` for a duplicate key, as readers differ in which value they use."""
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members:
            raise _WrongError(f"holds the key {_short(key)} twice")
        members[key] = value
    return members


def _machine(data: Any) -> Machine:
    fields = ("version", "caplint", "machine", "release", "arch", "asked", "vm_error", "answers")
    if isinstance(data, dict) and "msrs" in data:
        raise _WrongError("holds MSRs, not answers of /dev/kvm")
    _keys(data, "it", fields)
    if type(data["version"]) is not int or data["version"] != 1:
        raise _WrongError(f"version is {_short(data['version'])}, but this caplint reads version 1")
    _text(data["caplint"], "caplint")
    arch = _text(data["arch"], "arch")
    if arch not in knowledge().architectures:
        raise _WrongError(f"arch is {_short(arch)}, but must be one of {', '.join(knowledge().architectures)}")
    _keys(data["asked"], "asked", ("first", "last"))
    first = _number(data["asked"]["first"], "asked.first", range(LIMIT + 1))
    last = _number(data["asked"]["last"], "asked.last", range(first, LIMIT + 1))
    error = data["vm_error"]
    if not isinstance(data["answers"], list):
        raise _WrongError("answers must be a list")
    answers: dict[int, Answer] = {}
    for position, entry in enumerate(data["answers"]):
        answer = _answer(entry, f"answers[{position}]", range(first, last + 1))
        if answer.number in answers:
            raise _WrongError(f"answers[{position}] repeats number {answer.number}")
        answers[answer.number] = answer
    return Machine(
        name=_text(data["machine"], "machine"),
        release=_text(data["release"], "release"),
        arch=arch,
        first=first,
        last=last,
        answers=tuple(answers[number] for number in sorted(answers)),
        vm_error=None if error is None else _text(error, "vm_error"),
    )


def _answer(entry: Any, where: str, asked: range) -> Answer:
    _keys(entry, where, ("number", "name", "system", "vm"))
    name = entry["name"]
    if name is not None and not (isinstance(name, str) and is_portable_name(name)):
        raise _WrongError(f"{where}.name is {_short(name)}, which is not the name of a capability")
    return Answer(
        number=_number(entry["number"], f"{where}.number", asked),
        name=name,
        system=_number(entry["system"], f"{where}.system", _ANSWERS),
        vm=None if entry["vm"] is None else _number(entry["vm"], f"{where}.vm", _ANSWERS),
    )


def _keys(data: Any, where: str, keys: tuple[str, ...]) -> None:
    """Raise `_WrongError` unless `data` is an object with exactly these keys."""
    if not isinstance(data, dict):
        raise _WrongError(f"{where} is not an object")
    for key in data:
        if key not in keys:
            raise _WrongError(f"{where} has an unknown key {_short(key)}{suggestion(key, keys)}")
    for key in keys:
        if key not in data:
            raise _WrongError(f"{where} lacks {key}")


def _number(value: Any, where: str, within: range) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value not in within:
        raise _WrongError(f"{where} is {_short(value)}, but must be a number from {within[0]} to {within[-1]}")
    return value


def _text(value: Any, where: str) -> str:
    if (
        not isinstance(value, str)
        or not 1 <= len(value) <= _LONGEST
        or visible(value) != value
        or value != value.strip()
    ):
        raise _WrongError(f"{where} is {_short(value)}, but must be a line of 1 to {_LONGEST} characters")
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
