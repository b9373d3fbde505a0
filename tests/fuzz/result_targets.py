"""Targets for findings: rows of a rule's query on their way to every report, and outcomes that were remembered."""

from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from xml.etree import ElementTree as ET

from choices import Choices
from memory_tree import both
from target import MADE, Target, answered, seeds_of
from value_grammar import TEXTS, json_value

from caplint.config.settings import Config
from caplint.coverage.summary import Coverage
from caplint.engine.check import collect_findings
from caplint.engine.outcome import Outcome
from caplint.engine.outcome_json import parse, render
from caplint.findings.finding import SEVERITIES, identify
from caplint.link.core.loaded_trees import Loaded
from caplint.report import FORMATS, writer
from caplint.report.style import Style
from caplint.rules.page import Rule
from caplint.rules.query import COLUMNS
from caplint.session import Session
from caplint.trees.tree import StampCache, Tree
from caplint.util.escape import visible

_NUMBERS = [
    "1",
    "2",
    "0",
    "-1",
    "NULL",
    "9223372036854775807",
    "-9223372036854775808",
    "9e999",
    "-9e999",
    "1.5",
    "2147483648",
]
_PATHS = [
    "virt/kvm/end.c",
    "../../etc/passwd",
    "/etc/passwd",
    "",
    ".",
    "virt",
    "virt/kvm/../kvm/end.c",
    "a\x00b",
    "virt/kvm/kvm_main.c",
]


def rows(data: bytes) -> object:
    """Turn rows of a query into findings, and these into all reports: nothing in one controls a terminal."""
    choices = Choices(data)
    rule = Rule(
        "CAP999", "made-up", "warning", (), "1", (), Path("CAP999.md"), f"# x\n\n```sql\n{_query(choices)}\n```\n"
    )
    trees = both()
    connection = sqlite3.connect(":memory:")
    session = SimpleNamespace(
        connection=connection, trees=trees, deep=False, lacks={}, roles={tree.name: tree.role for tree in trees},
        loaded=[Loaded(tree, tree.code_files(cast("StampCache", None)), []) for tree in trees],
    )  # fmt: skip
    try:
        with answered() as said:
            found, skipped = collect_findings(cast("Session", session), [rule], Config(cache="none", jobs=1))
            outcome = Outcome(
                trees, {tree.name: (1, 1) for tree in trees}, identify(found, session.roles), 0, [], skipped,
                Coverage([], [], [], {}), [rule],
            )  # fmt: skip
            return {name: _report(outcome, name) for name in FORMATS}
        return said
    except sqlite3.OperationalError as error:
        if "decode to UTF-8" not in str(error):
            raise
        return str(error)  # taken for damage of the store: a run reads all anew, and then ends with one line
    finally:
        connection.close()


def _report(outcome: Outcome, name: str) -> str:
    stream = io.StringIO()
    writer("check", name)(outcome, stream, Style())
    text = stream.getvalue()
    text.encode("utf-8")
    for line in text.split("\n"):
        assert visible(line) == line, (name, line)
    match name:
        case "json" | "sarif" | "gitlab" | "rdjson" | "b4":
            json.loads(text)
        case "jsonl":
            assert len([json.loads(line) for line in text.splitlines()]) == len(outcome.findings)
        case "junit":
            ET.fromstring(text)
        case "concise":
            assert len(text.splitlines()) == len(outcome.findings)
        case _:
            pass
    return text


def _query(choices: Choices) -> str:
    """Return SELECTs of literals, some of a kind that the column is not for."""
    selects = [
        ", ".join(f'{_cell(choices, name)} AS "{name}"' for name in COLUMNS) for _ in range(choices.below(3) + 1)
    ]
    return " UNION ALL ".join(f"SELECT {columns}" for columns in selects)


def _cell(choices: Choices, column: str) -> str:
    if choices.seldom(12):
        return choices.pick(["NULL", "x'ff00'", "CAST(x'ff' AS TEXT)", "9e999", "''", "zeroblob(3)", "1"])
    match column:
        case "tree":
            return choices.pick(["'kernel'", "'qemu'"])
        case "path":
            return _text(choices.pick(_PATHS))
        case "line" | "column":
            return choices.pick(_NUMBERS)
        case "severity":
            return choices.pick(["NULL", *(f"'{word}'" for word in SEVERITIES), "'fatal'"])
        case "related":
            return _text(_related(choices))
        case _:
            return _text(choices.pick(TEXTS))


def _related(choices: Choices) -> str:
    if choices.seldom():
        return choices.pick(
            ["[" * 10_000, "[null]", "{}", "[1]", "nan", "", '[{"line": 1e999}]', f"[{'9' * 5000}]", "null", '"x"']
        )
    places = [
        {
            "tree": "kernel",
            "path": choices.pick(_PATHS),
            "line": choices.pick([1, 2, -1, 10**30, True]),
            "message": choices.pick(TEXTS),
        }
        for _ in range(choices.below(3))
    ]
    for place in places:
        if choices.seldom(6):
            place["line"] = json_value(choices)
    return json.dumps(places)


def _text(value: str) -> str:
    return f"CAST(x'{value.encode('utf-8', 'surrogatepass').hex()}' AS TEXT)"


def outcome(data: bytes) -> object:
    """Read a remembered outcome: what is read of one, written and read again, is the same."""
    text = _remembered(Choices(data[1:])) if data.startswith(MADE) else data.decode("utf-8", "replace")
    trees: list[Tree] = both()
    try:
        found = parse(text, trees, [])
    except (ValueError, KeyError, TypeError, RecursionError):  # the run is done again
        return None
    again = render(found)
    assert render(parse(again, trees, [])) == again
    return again


def _remembered(choices: Choices) -> str:
    place = ["kernel", "virt/kvm/end.c", 1, 1]
    finding = ["CAP101", "n", "error", "X", None, None, "m", "0" * 16, place, [[*place, "m"]]]
    right: dict[str, Any] = {
        "sizes": {"kernel": [1, 2]}, "findings": [finding], "resolved": choices.pick([None, [finding]]),
        "suppressed": 0,
        "unused_suppressions": [{"code": "CAP101", "subject": "X", "reason": "r", "arch": None}],
        "skipped": [{"code": "CAP1", "reason": "r"}],
        "coverage": {
            "trees": [["kernel", 1, 2, 3, 0, 0, 0, 4, 0, 0]], "blind": [["kernel", "a.c", 1, 2, "r"]],
            "unaccounted": [["kernel", "a", 1, 1, "N"]],
            "kinds": {"k": 1}, "families": {"f": {"k": 1}}, "pasted": [["kernel", "a", 1, 1, "M", None, ["b", 1]]],
        },
    }  # fmt: skip
    for table in (right, right["coverage"]):
        for key in list(table):
            if choices.seldom(9):
                table[key] = json_value(choices)
    if choices.seldom() and isinstance(right["findings"], list):
        finding[choices.below(10)] = json_value(choices)
    return json.dumps(right)


TARGETS = {
    "rows": Target(rows, ("caplint.rules", "caplint.findings", "caplint.report"), made=8),
    "outcome": Target(outcome, ("caplint.engine.outcome_json",), places=(seeds_of("outcome"),), made=6),
}
