"""Names that macros paste together: of tables that the test writes down."""

from __future__ import annotations

import json
import sqlite3

import pytest

from caplint.coverage.pasted_names import pasted_names

Definition = tuple[str, int, str, list[str] | None, str]
"""Path, line, name, parameters, body."""
Use = tuple[str, int, str, list[str]]
"""Path, line, macro, arguments."""


def _names(
    definitions: list[Definition], calls: list[Use], uses: list[Use] | None = None
) -> list[tuple[int, str | None, tuple[str, int] | None]]:
    """Line of each use, the pasted name, and the definition in effect."""
    connection = sqlite3.connect(":memory:")
    connection.executescript("""
        CREATE TABLE file(tree, path, blob);
        CREATE TABLE macro(blob, name, parameters, body, line);
        CREATE TABLE call(blob, line, column, callee, arguments);
        CREATE TABLE macro_use(blob, line, name, arguments);
        CREATE TABLE watched(tree, name, kind);
    """)
    for path in sorted({row[0] for row in definitions} | {row[0] for row in [*calls, *(uses or [])]}):
        connection.execute("INSERT INTO file VALUES ('linux', ?, ?)", (path, path))
    for path, line, name, parameters, body in definitions:
        words = None if parameters is None else json.dumps(parameters)
        connection.execute("INSERT INTO macro VALUES (?, ?, ?, ?, ?)", (path, name, words, body, line))
    for path, line, macro, arguments in calls:
        connection.execute("INSERT INTO call VALUES (?, ?, 5, ?, ?)", (path, line, macro, json.dumps(arguments)))
        connection.execute("INSERT INTO watched VALUES ('linux', ?, 'call')", (macro,))
    for path, line, macro, arguments in uses or []:
        connection.execute("INSERT INTO macro_use VALUES (?, ?, ?, ?)", (path, line, macro, ",".join(arguments)))
    return [(entry.line, entry.name, entry.defined) for entry in pasted_names(connection)]


@pytest.mark.parametrize(
    ("parameters", "body", "arguments", "name"),
    [
        (["x"], "KVM_CAP_##x", ["A"], "KVM_CAP_A"),
        (["x"], "{ #x, KVM_CAP_ ## x }", ["A"], "KVM_CAP_A"),
        (["x", "y"], "KVM_CAP_##x##_##y", ["A", "B"], "KVM_CAP_A_B"),
        (["x", "y"], "KVM_CAP_##y", ["A", "B"], "KVM_CAP_B"),
        (["x"], "MSR_IA32_##x", ["TSC"], "MSR_IA32_TSC"),
        (["x"], "KVM_CAP_##x##_END", ["A"], "KVM_CAP_A_END"),
        (["x", "y"], "KVM_CAP_##y", ["A"], None),
        (["x"], "KVM_CAP_##x", ["A + 1"], None),
        (["x"], "KVM_CAP_##y", ["A"], None),
        (["x"], "OUR_##x", ["A"], None),
        (["x"], "#KVM_CAP_##x", ["A"], None),
        (["x"], "KVM_CAP_A", ["A"], None),
        (None, "KVM_CAP_##x", ["A"], None),
    ],
)
def test_what_is_pasted(parameters: list[str] | None, body: str, arguments: list[str], name: str | None) -> None:
    definitions: list[Definition] = [("m.h", 3, "INFO", parameters, body)]
    expected = [] if name is None else [(7, name, ("m.h", 3))]
    assert _names(definitions, [("a.c", 7, "INFO", arguments)]) == expected
    assert _names(definitions, [], [("a.c", 7, "INFO", arguments)]) == expected


def test_the_definition_in_effect() -> None:
    definitions: list[Definition] = [
        ("a.c", 5, "INFO", ["x"], "KVM_CAP_A_##x"), ("a.c", 15, "INFO", ["x"], "KVM_CAP_B_##x"),
        ("m.h", 1, "INFO", ["x"], "KVM_CAP_M_##x"),
    ]  # fmt: skip
    calls: list[Use] = [("a.c", line, "INFO", ["X"]) for line in (1, 10, 20)] + [("b.c", 30, "INFO", ["X"])]
    assert _names(definitions, calls) == [
        (1, "KVM_CAP_A_X", ("a.c", 5)), (10, "KVM_CAP_A_X", ("a.c", 5)), (20, "KVM_CAP_B_X", ("a.c", 15)),
        (30, "KVM_CAP_A_X", ("a.c", 5)),
    ]  # fmt: skip


def test_a_macro_without_a_definition() -> None:
    assert _names([], [("a.c", 7, "KVM_CAP_INFO", ["A"])]) == [(7, None, None)]
    assert _names([("m.h", 1, "KVM_CAP_INFO", ["x"], "x")], [("a.c", 7, "KVM_CAP_INFO", ["A"])]) == []
    assert _names([("m.h", 1, "KVM_CAP_INFO", None, "x")], [("a.c", 7, "KVM_CAP_INFO", ["A"])]) == [(7, None, None)]
    assert _names([], [("a.c", 7, "MSR_INFO", ["A"])]) == []
    assert _names([], []) == []
