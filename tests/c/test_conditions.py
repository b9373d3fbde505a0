"""Presence conditions: groups, alternatives, include guards and unbalanced directives."""

from __future__ import annotations

import re
import time

import pytest

from caplint.c.conditions import MAX_BRANCHES, MAX_NESTING, conditionals
from caplint.c.formula import text
from caplint.c.lexer import lex

# Source in which x1, x2 … stand for code; the presence condition of each.
PRESENCE = [
    ("x1\n#if A\nx2\n#endif\nx3", ["1", "A", "1"]),
    ("#if A\nx1\n#elif B\nx2\n#else\nx3\n#endif", ["A", "!A && B", "!A && !B"]),
    ("#if A\n#if B\nx1\n#else\nx2\n#endif\nx3\n#endif", ["A && B", "A && !B", "A"]),
    ("#if A || B\nx1\n#else\n#if C\nx2\n#endif\n#endif", ["A || B", "!A && !B && C"]),
    (
        "#ifdef A\nx1\n#elifdef B\nx2\n#elifndef C\nx3\n#endif",
        ["defined(A)", "!defined(A) && defined(B)", "!defined(A) && !defined(B) && !defined(C)"],
    ),
    ("#if A\n#if A\nx1\n#else\nx2\n#endif\n#endif", ["A", "0"]),
    ("#if 0\nx1\n#else\nx2\n#endif", ["0", "1"]),
    ("#if 1\nx1\n#elif A\nx2\n#endif", ["1", "0"]),
    ("#ifdef __ASSEMBLY__\nx1\n#else\nx2\n#endif", ["0", "1"]),
    ("#ifndef __cplusplus\nx1\n#endif", ["1"]),
    ("#ifdef CONFIG_A\nx1\n#endif\n#if !IS_ENABLED(CONFIG_A)\nx2\n#endif", ["CONFIG_A", "!CONFIG_A"]),
    ("#if A // c\nx1\n#else // !A\nx2\n#endif /* A */", ["A", "!A"]),
    ("#if A /* a\nb */ && B\nx1\n#endif", ["A && B"]),
    ("#if A && \\\n B\nx1\n#endif", ["A && B"]),
    ("#if A\r\nx1\r\n#endif\r\nx2", ["A", "1"]),
    ("#ifdef A B\nx1\n#endif", ["defined(A)"]),
    ("/* a */ #if A\nx1\n#endif", ["A"]),
    # Include guards say nothing.
    ("#ifndef X\n#define X\nx1\n#endif\nx2", ["1", "1"]),
    ("/* c */\n\n#ifndef X\n#define X 1\nx1\n#endif", ["1"]),
    ("#if !defined(X)\n#define X\nx1\n#if A\nx2\n#endif\n#endif", ["1", "A"]),
    ("#if !defined(X) || defined(TRACE_HEADER_MULTI_READ)\n#define X\nx1\n#endif", ["1"]),
    ("#if !defined(X) && defined(Y)\n#define X\nx1\n#endif", ["defined(Y)"]),
    # What only looks like one.
    ("#ifndef X\n#define Y\nx1\n#endif", ["!defined(X)"]),
    ("#ifdef X\n#define X\nx1\n#endif", ["defined(X)"]),
    ("#if defined(X)\n#define X\nx1\n#endif", ["defined(X)"]),
    ("int a;\n#ifndef X\n#define X\nx1\n#endif", ["!defined(X)"]),
    ("#include <a.h>\n#ifndef X\n#define X\nx1\n#endif", ["!defined(X)"]),
    ("#ifndef X\n#define X\nx1\n#endif\n#ifndef Z\n#define Z\nx2\n#endif", ["1", "!defined(Z)"]),
    ("#ifndef CONFIG_A\n#define CONFIG_A 1\nx1\n#endif", ["!CONFIG_A"]),
    ("#ifndef X\n#define\nX;\nx1\n#endif", ["!defined(X)"]),
    ("#ifndef X\n#undef X\n#define X\nx1\n#endif", ["!defined(X)"]),
    ("#ifdef\nx1\n#endif", ["defined()"]),
]

# Source; presence of each x; offset, end and reason of each problem.
UNBALANCED = [
    ("#endif\nx1", ["1"], [(0, 6, "#endif without #if")]),
    ("#else\nx1", ["1"], [(0, 5, "#else without #if")]),
    ("#elif A\nx1", ["1"], [(0, 7, "#elif without #if")]),
    ("#if A\nx1\n#endif\n#endif\nx2", ["A", "1"], [(16, 22, "#endif without #if")]),
    ("#if A\nx1", ["A"], [(0, 8, "#if without #endif")]),
    ("x1\n#if A\nx2", ["1", "A"], [(3, 11, "#if without #endif")]),
    ("#if A\n#if B\nx1", ["A && B"], [(0, 14, "#if without #endif"), (6, 14, "#if without #endif")]),
    ("#if A\n#if B\nx1\n#endif\nx2", ["A && B", "A"], [(0, 24, "#if without #endif")]),
    ("#if A\nx1\n#else\nx2\n#else\nx3\n#endif\nx4", ["A", "!A", "!A", "1"], [(18, 23, "#else without #if")]),
    ("#if A\nx1\n#else\nx2\n#elif B\nx3\n#endif", ["A", "!A", "!A"], [(18, 25, "#elif without #if")]),
]


def _presence(source: str) -> list[str]:
    structure = conditionals(lex(source.encode()))
    return [text(structure.presence(match.start())) for match in re.finditer(r"\bx\d", source)]


@pytest.mark.parametrize(("source", "presence"), PRESENCE)
def test_presence(source: str, presence: list[str]) -> None:
    assert _presence(source) == presence
    assert conditionals(lex(source.encode())).problems == []


@pytest.mark.parametrize(("source", "presence"), PRESENCE)
def test_presence_in_words(source: str, presence: list[str]) -> None:
    structure = conditionals(lex(source.encode()))
    assert [structure.text(match.start()) for match in re.finditer(r"\bx\d", source)] == presence


@pytest.mark.parametrize(("source", "presence", "problems"), UNBALANCED)
def test_unbalanced(source: str, presence: list[str], problems: list[tuple[int, int, str]]) -> None:
    assert _presence(source) == presence
    found = conditionals(lex(source.encode())).problems
    assert [(problem.offset, problem.end, problem.reason) for problem in found] == problems


def test_groups_and_branches() -> None:
    (group,) = conditionals(lex(b"#if A\nx\n#else\n#if B\ny\n#endif\n#endif\n")).groups
    assert (group.start, group.end, group.has_else) == (0, 35, True)
    assert [(branch.start, branch.end, len(branch.groups)) for branch in group.branches] == [(5, 8, 0), (13, 29, 1)]


def test_what_is_left_open_ends_with_the_file() -> None:
    (group,) = conditionals(lex(b"#if A\nx\n#else\n#if B\ny\n")).groups
    (inner,) = group.branches[1].groups
    assert (group.end, [branch.end for branch in group.branches]) == (22, [8, 22])
    assert (inner.end, [branch.end for branch in inner.branches]) == (22, [22])


def test_too_deep_and_left_open() -> None:
    """What is nested in a part that is passed over is not complained of as well."""
    source = "#if A\n" * (MAX_NESTING + 5) + "x1"
    problems = [(found.offset, found.end, found.reason) for found in conditionals(lex(source.encode())).problems]
    opened = [(6 * at, len(source), "#if without #endif") for at in range(MAX_NESTING + 1)]
    assert problems == [*opened, (6 * MAX_NESTING, len(source), "#if nested more than 200 deep")]
    assert _presence(source) == ["A"]


def test_what_is_nested_in_alternatives_that_are_passed_over() -> None:
    many = "#if A0\n" + "".join(f"#elif A{index}\n" for index in range(1, MAX_BRANCHES + 1))
    source = f"#if B\n{many}x1\n#if C\nx2\n#else\nx3\n#endif\nx4\n#else\nx5\n#endif\nx6\n#endif\nx7\n"
    structure = conditionals(lex(source.encode()))
    assert _presence(source) == ["B"] * 6 + ["1"]
    (problem,) = structure.problems
    assert (problem.offset, problem.end) == (source.index(f"#elif A{MAX_BRANCHES}"), source.index("\nx6"))
    (group,) = structure.groups[0].branches[0].groups
    assert len(group.branches) == MAX_BRANCHES
    assert all(not branch.groups for branch in group.branches)


@pytest.mark.parametrize("inner", ["", "#else\n"])
def test_ten_thousand_nested(inner: str) -> None:
    source = "#if A\n" * 10_000 + "x1\n" + f"{inner}#endif\n" * 10_000 + "x2\n"
    begin = time.process_time()
    structure = conditionals(lex(source.encode()))
    assert time.process_time() - begin < 2
    (problem,) = structure.problems
    assert problem.reason == "#if nested more than 200 deep"
    assert (problem.offset, source[: problem.end].count("#endif")) == (6 * MAX_NESTING, 10_000 - MAX_NESTING)
    assert _presence(source) == ["A", "1"]


def test_thousands_of_alternatives() -> None:
    source = "#if A0\n" + "".join(f"#elif A{index}\n" for index in range(1, 3000)) + "#endif\nx1\n"
    begin = time.process_time()
    problems = conditionals(lex(source.encode())).problems
    assert time.process_time() - begin < 2
    assert [(problem.offset, problem.reason) for problem in problems] == [
        (source.index(f"#elif A{MAX_BRANCHES}"), "more than 200 alternatives of one #if")
    ]
    assert _presence(source) == ["1"]


def test_what_is_passed_over_counts_as_part_of_what_is_around_it() -> None:
    within = "#if B\nx1\n#else\nx2\n#if C\nx3\n#endif\n#endif\nx4\n"
    source = "#if A\n" * MAX_NESTING + within + "#endif\n" * MAX_NESTING
    assert _presence(source) == ["A"] * 4


def test_conditions_that_are_too_long_to_go_on() -> None:
    clause = " && ".join(f"(A{index} || B{index})" for index in range(150))
    source = "".join(f"#if X{index} && {clause}\nx{index}\n#else\n#endif\n" for index in range(400))
    problems = conditionals(lex(source.encode())).problems
    assert {problem.reason for problem in problems} == {"the conditions before this are too long"}
    assert 0 < len(problems) < 390
    assert problems[-1].end == len(source) - 1
    assert _presence(source)[0] != "1"
    assert _presence(source)[-1] == "1"


def test_alternatives_that_are_too_long_to_go_on() -> None:
    clause = " && ".join(f"(A{index} || B{index})" for index in range(40))
    source = (
        f"#if X && {clause}\n" + "".join(f"#elif X{index} && {clause}\nx{index}\n" for index in range(150)) + "#endif\n"
    )
    (problem,) = conditionals(lex(source.encode())).problems
    assert problem.reason == "the conditions before this are too long"
    assert (source[problem.offset : problem.end].startswith("#elif X"), problem.end) == (True, len(source) - 1)


def test_what_a_branch_knows_of_itself() -> None:
    (group,) = conditionals(lex(b"#if A\n#if B\n#elif C\n#else\n#endif\n#endif\n")).groups
    branches = group.branches[0].groups[0].branches
    words = [(text(branch.chosen_when), text(branch.presence)) for branch in branches]
    assert words == [("B", "A && B"), ("!B && C", "A && !B && C"), ("!B && !C", "A && !B && !C")]
