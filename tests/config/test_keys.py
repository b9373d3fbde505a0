"""Keys of the configuration: which values they take, and what is said of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from caplint.config import keys
from caplint.config.keys import COVERAGE, TOP, C, bounded_jobs, default_jobs, section, short, strings, without_nul
from caplint.util.errors import CaplintError

FILE = Path("caplint.toml")


def _value(key: str, value: Any, table: dict[str, keys.Key] = TOP) -> Any:
    return section(FILE, "", {key: value}, table)[key]


@pytest.mark.parametrize(
    ("value", "ranges"),
    [
        ("500-599", ((500, 599),)), ("0x1000-0x1fFF", ((0x1000, 0x1FFF),)), ("7", ((7, 7),)), (" 1 - 2 ", ((1, 2),)),
        ("1,3-4, 0x10", ((1, 1), (3, 4), (16, 16))), (["1-2", "5,6"], ((1, 2), (5, 5), (6, 6))), ([], ()),
        ("9223372036854775807", ((2**63 - 1, 2**63 - 1),)), ("010", ((10, 10),)),
    ],
)  # fmt: skip
def test_ranges_of_vendors(value: Any, ranges: tuple[tuple[int, int], ...]) -> None:
    assert _value("vendor-range", value) == ranges


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("2-1", "'2-1' ends before it begins"), ("", "'' is not a range"), ("1-", "'1-' is not a range"),
        ("-1", "'-1' is not a range"), ("1,,2", "'' is not a range"), ("0x", "'0x' is not a range"),
        ("9223372036854775808", "ends above 9223372036854775807"), ("9" * 5000, "…' is not a range"),
        ("0x11111111111111111", "is not a range"), ("1\n2", "is not a range"), ([1], "must be a list of strings"),
        ("\u0661", "is not a range"),
    ],
)  # fmt: skip
def test_what_is_no_range(value: Any, message: str) -> None:
    with pytest.raises(CaplintError) as caught:
        _value("vendor-range", value)
    assert str(caught.value).startswith("caplint.toml: vendor-range: ")
    assert message in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("4.19", True), ("v6.12", True), ("6.1", True), ("", True), ("4.18", False), ("3.99", False), ("6", False),
        ("6.1.2", False), ("6.1-rc1", False), ("v", False), ("6.1234", False), ("\u0666.1", False), ("6.1\n", False),
    ],
)  # fmt: skip
def test_releases(value: str, accepted: bool) -> None:
    if accepted:
        assert _value("oldest-kernel", value) == value
    else:
        with pytest.raises(CaplintError, match="oldest-kernel: "):
            _value("oldest-kernel", value)


@pytest.mark.parametrize(
    ("word", "accepted"),
    [
        ("__ours", True), ("__ours_*", True), ("__size()", True), ("__size*()", True), ("a", True), ("x" * 100, True),
        ("x" * 101, False), ("1a", False), ("a b", False), ("a**", False), ("a(x)", False), ("", False), ("é", False),
        ("a\n", False),
    ],
)  # fmt: skip
def test_attributes(word: str, accepted: bool) -> None:
    if accepted:
        assert _value("attributes", [word], C) == (word,)
    else:
        with pytest.raises(CaplintError, match="is not a word such as"):
            _value("attributes", [word], C)


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        (["("], "'(' is not a regular expression"), (["a**"], "is not a regular expression"),
        (["x" * 201], "has more than 200 characters"), (["a"] * 101, "has 101 regular expressions; the limit is 100"),
        (["(?i)a"], "is not a regular expression"), (["(?P<n>a)", "(?P<n>b)"], "is not a regular expression"),
        (["[[a]"], "is not a regular expression"), (["a{99999999999}"], "is not a regular expression"),
        ([1], "must be a list of strings"),
    ],
)  # fmt: skip
def test_what_is_no_pattern(patterns: list[Any], message: str) -> None:
    with pytest.raises(CaplintError) as caught:
        _value("iterators", patterns, C)
    assert message in str(caught.value)


def test_patterns_and_their_number() -> None:
    assert _value("iterators", [r"our_for_each_\w+"] * 100, C) == (r"our_for_each_\w+",) * 100
    with pytest.raises(CaplintError, match="has 1001 words; the limit is 1000"):
        _value("attributes", ["a"] * 1001, C)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("fail-on", "fatal", "fail-on: must be one of error, warning, note, never"),
        ("fail-on", 1, "fail-on must be a string"),
        ("jobs", 0, "jobs: must be at least 1"),
        ("jobs", True, "jobs must be a number"),
        ("jobs", 1.0, "jobs must be a number"),
        ("rules", ["x" * 4097], "has more than 4096 characters"),
        ("ignore", "CAP101", "ignore must be a list of rule codes"),
        ("abis", ["x86_65"], "'x86_65' is not an ABI"),
        ("trees", [], "trees must be tables [trees.NAME]"),
        ("job", 1, "unknown key job"),
        ("x" * 500, 1, "unknown key xxx"),
    ],
)
def test_wrong_values(key: str, value: Any, message: str) -> None:
    with pytest.raises(CaplintError) as caught:
        _value(key, value)
    assert message in str(caught.value)
    assert str(caught.value).startswith("caplint.toml: ")


@pytest.mark.parametrize(("value", "accepted"), [(0, 0.0), (100, 100.0), (99.5, 99.5), (-0.1, None), (100.1, None)])
def test_shares(value: float, accepted: float | None) -> None:
    if accepted is not None:
        assert _value("floor", value, COVERAGE) == accepted
    else:
        with pytest.raises(CaplintError, match="floor: must be a percentage from 0 to 100"):
            _value("floor", value, COVERAGE)
    with pytest.raises(CaplintError, match="must be a percentage from 0 to 100"):
        _value("floor", float("nan"), COVERAGE)


def test_an_unknown_key_is_named_with_its_table() -> None:
    with pytest.raises(CaplintError, match=r"caplint.toml: unknown key c\.atributes.*attributes"):
        section(FILE, "c.", {"atributes": []}, C)
    with pytest.raises(CaplintError, match=r"caplint.toml: c must be a table"):
        section(FILE, "c.", [], C)
    with pytest.raises(CaplintError, match=r"caplint.toml: tool.caplint must be a table"):
        section(FILE, "", None, TOP)
    assert section(FILE, "", {}, TOP) == {}


def test_jobs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _process: {0, 1, 2})
    assert [bounded_jobs(jobs) for jobs in (1, 48, 49, 10**9)] == [1, 48, 48, 48]
    assert default_jobs() == 3
    assert _value("jobs", 10**9) == 48
    monkeypatch.setattr("os.sched_getaffinity", lambda _process: set())
    assert default_jobs() == 1


def test_texts() -> None:
    assert short("x" * 60) == "x" * 60
    assert short("x" * 61) == "x" * 60 + "…"
    assert strings(["a", ""]) == ("a", "")
    with pytest.raises(ValueError, match="must be a list of strings"):
        strings(["a", None])


def test_no_text_holds_a_nul() -> None:
    without_nul(FILE, {"a": ["b", {"c": 1}], "d": None})
    deep: Any = "x\0"
    for _ in range(50_000):
        deep = [deep]
    for data in ("\0", {"a\0": 1}, {"a": {"b": [1, "\0"]}}, deep):
        with pytest.raises(CaplintError, match="contains a NUL byte; remove it"):
            without_nul(FILE, data)
