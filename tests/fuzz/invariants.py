"""What holds of the facts of any bytes whatever, computed apart from the code that it is held against."""

from __future__ import annotations

import re

from caplint.c.expression import parse as parse_condition
from caplint.c.syntax import UnreadableError
from caplint.c.syntax import parse as parse_c
from caplint.c.tables import tables
from caplint.facts.extract import extract
from caplint.facts.kinds.rust_tokens import VARIANT
from caplint.facts.store.records import BlindSpot, FileFacts, Record, Token

_CAP = "KVM_CAP_"
_WRAPPED = re.compile(r"\n[ \t]+(?!KVM_CAP_)[A-Z0-9_]+\b")


def check(source: bytes, language: str) -> None:
    """Hold one input of the fuzzer against all invariants."""
    facts = extract(source, language)
    lengths = [len(line) for line in source.split(b"\n")]
    for record in facts.records:
        # Offsets of Rust's facts are those of the C text that it is lowered to.
        size = len(source) if language != "rust" or isinstance(record, BlindSpot) else 1 << 40
        _check_place(record, size, lengths)
        _check_conditions(record)
    assert sorted(map(repr, extract(source, language).records)) == sorted(map(repr, facts.records)), "not repeatable"
    assert 0 <= facts.damaged <= facts.functions
    if language in {"c", "rst", "rust"} and not _is_unread(facts, len(source)):
        counted = sum(
            record.occurrences for record in facts.records if isinstance(record, Token) and record.kind != VARIANT
        )
        assert counted == _count(source, language), "the ledger's sum is wrong"
    if language == "c":
        _check_texts(source)


def _check_place(record: Record, size: int, lengths: list[int]) -> None:
    """Offsets lie within the file, lines and columns too; columns count bytes or characters."""
    start = getattr(record, "start", 0)
    stop = getattr(record, "stop", size)
    assert 0 <= start <= stop <= size, record
    line = getattr(record, "line", 1)
    assert 1 <= line <= len(lengths), record
    assert 1 <= getattr(record, "column", 1) <= lengths[line - 1] + 1, record


def _check_conditions(record: Record) -> None:
    for name in ("condition", "depends"):
        condition = getattr(record, name, "1")
        assert condition, record
        assert "\n" not in condition, record
        parse_condition(condition)


def _is_unread(facts: FileFacts, size: int) -> bool:
    """Whether the whole file is one blind spot."""
    match facts.records:
        case [BlindSpot(start=0, stop=stop)]:
            return stop == size
    return False


def _count(source: bytes, language: str) -> int:
    """Names of interest, word by word."""
    if language != "rst":
        words = re.findall(rb"\w+", source)
        prefixes = (b"KVM_", b"MSR_", b"HV_X64_MSR_")
        ends = (word[len(prefix) :][:1] for word in words for prefix in prefixes if word.startswith(prefix))
        return sum(end.isupper() or end.isdigit() for end in ends)
    text = source.decode("utf-8", "replace")
    count, position = 0, text.find(_CAP)
    while position >= 0:
        before, behind = text[position - 1 : position], text[position + len(_CAP) :]
        is_word = before.isalnum() or before == "_"
        goes_on = re.match(r"[A-Za-z0-9_*]", behind) or _WRAPPED.match(behind)
        count += bool(not is_word and goes_on)
        position = text.find(_CAP, position + 1)
    return count


def _check_texts(source: bytes) -> None:
    """Variants and repaired texts keep the file's length and newlines."""
    try:
        unit = parse_c(source, tables())
    except UnreadableError:
        return
    lines = re.sub(rb"[^\n]", b" ", source)
    for view in unit.views:
        for text in (unit.lexed.code, view.text, view.repaired.text):
            assert re.sub(rb"[^\n]", b" ", text) == lines, "a text changed its length or newlines"
    extents = [(problem.offset, problem.end) for problem in unit.problems]
    assert all(0 <= start <= stop <= len(source) for start, stop in extents), extents
