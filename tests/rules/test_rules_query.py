"""Queries of rule pages and of users: what they may do, and what their rows must be."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from caplint.findings.finding import Finding, Location, Related
from caplint.rules import query, sandbox
from caplint.rules.page import Rule
from caplint.rules.query import query_rows, run, validate
from caplint.util.errors import CaplintError

QUERY = """SELECT 'kernel' AS tree, 'a.c' AS path, 3 AS line, 1 AS column, 'KVM_CAP_X' AS subject, NULL AS arch,
NULL AS function, NULL AS severity, 'text' AS message, NULL AS related"""


def _rule(query: str) -> Rule:
    page = f"# A house rule\n\n```sql\n{query}\n```\n"
    return Rule("HSE001", "house-rule", "warning", (), "1.0", (), Path("a.md"), page)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    opened.execute("CREATE TABLE cap (name TEXT)")
    yield opened
    opened.close()


@pytest.mark.parametrize("query", [QUERY, f"{QUERY};\n", f"{QUERY} -- a remark", f"WITH x AS (SELECT 1) {QUERY}"])
def test_a_query_is_compiled(connection: sqlite3.Connection, query: str) -> None:
    validate(connection, _rule(query))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT 1 AS tree", f"selects tree; it must select {', '.join(query.COLUMNS)} and may then select parts"),
        (
            QUERY.replace("AS arch", "AS architecture"),
            "selects tree, path, line, column, subject, architecture, function, severity, message, related; "
            f"it must select {', '.join(query.COLUMNS)} and may then select parts",
        ),
        ("SELECT FROM cap", 'near "FROM": syntax error'),
        ("SELECT * FROM caps", "no such table: caps"),
        ("SELECT nam FROM cap", "no such column: nam"),
        ("SELECT 1; DROP TABLE cap", 'near ";": syntax error'),
    ],
)
def test_a_query_that_cannot_be_one(connection: sqlite3.Connection, query: str, message: str) -> None:
    with pytest.raises(CaplintError) as error:
        validate(connection, _rule(query))
    assert str(error.value) == f"a.md: query: {message}"


FORBIDDEN = [
    "ATTACH ':memory:' AS other",
    "INSERT INTO cap VALUES ('x')",
    "UPDATE cap SET name = 'x'",
    "DELETE FROM cap",
    "DROP TABLE cap",
    "CREATE TABLE x (y)",
    "CREATE TEMP TABLE x (y)",
    "PRAGMA user_version = 3",
    "PRAGMA writable_schema = ON",
    "BEGIN",
    "ANALYZE",
    "SELECT load_extension('x')",
]


@pytest.mark.parametrize("query", FORBIDDEN)
def test_a_query_reads_and_nothing_else(connection: sqlite3.Connection, query: str) -> None:
    before = list(connection.iterdump())
    for attempt in (query_rows, lambda opened, text: list(run(opened, _rule(text)))):
        with pytest.raises(CaplintError, match=r"query: not authorized"):
            attempt(connection, query)
    assert list(connection.iterdump()) == before
    connection.execute("INSERT INTO cap VALUES ('we still may')")


def test_vacuum_into_a_file_is_refused(connection: sqlite3.Connection, tmp_path: Path) -> None:
    with pytest.raises(CaplintError):
        query_rows(connection, f"VACUUM INTO '{tmp_path / 'copy.db'}'")
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize(
    "query", ["SELECT hex(zeroblob(60000000))", "SELECT replace(hex(zeroblob(20000000)), '0', 'xx')"]
)
def test_a_query_cannot_take_all_memory(connection: sqlite3.Connection, query: str) -> None:
    with pytest.raises(CaplintError, match=r"^query: string or blob too big$"):
        query_rows(connection, query)
    assert connection.execute("SELECT length(zeroblob(60000000))").fetchone() == (60_000_000,)


FOREVER = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def test_a_query_ends(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "TIME_LIMIT", 0.05)
    with pytest.raises(CaplintError, match=r"^a.md: query: takes longer than 0.05 s$"):
        list(run(connection, _rule(FOREVER)))
    with pytest.raises(CaplintError, match=r"^query: takes longer than 0.05 s$"):
        query_rows(connection, FOREVER)
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_query_may_take_its_time(connection: sqlite3.Connection) -> None:
    """The limit is looked at every 100,000 steps; this one takes some three million."""
    query = FOREVER.replace("FROM n)", "FROM n WHERE i < 200000)")
    assert query_rows(connection, query)[1] == [(200_000,)]


@pytest.mark.parametrize(
    ("query", "columns", "rows"),
    [
        ("SELECT 1 AS X", ["X"], [(1,)]),
        ("SELECT 1 AS a;;", ["a"], [(1,)]),
        ("SELECT 1 AS a, NULL AS b;", ["a", "b"], [(1, None)]),
        ("SELECT name FROM cap", ["name"], []),
        (" WITH x (y) AS (VALUES (1), (2)) SELECT y FROM x ; ", ["y"], [(1,), (2,)]),
    ],
)
def test_a_question(
    connection: sqlite3.Connection, query: str, columns: list[str], rows: list[tuple[object, ...]]
) -> None:
    assert query_rows(connection, query) == (columns, rows)


def test_a_row_becomes_a_finding(connection: sqlite3.Connection) -> None:
    related = (
        '[{"tree": "b", "path": "p", "line": 2, "message": "two"}, null,'
        ' {"tree": "a", "path": "p", "line": 9, "message": "one"},'
        ' {"tree": "b", "path": "p", "line": 2, "message": "two"}]'
    )
    query = f"""SELECT 'kernel' AS tree, 'a.c' AS path, 3 AS line, NULL AS column, 'KVM_CAP_X' AS subject,
        'x86' AS arch, 'f' AS function, 'note' AS severity, 'two
        lines' AS message, '{related}' AS related"""
    assert list(run(connection, _rule(query))) == [
        Finding(
            "HSE001", "house-rule", "note", "KVM_CAP_X", "x86", "f", "two lines", Location("kernel", "a.c", 3, 1),
            (Related(Location("a", "p", 9), "one"), Related(Location("b", "p", 2), "two")),
        )
    ]  # fmt: skip
    (plain,) = run(connection, _rule(QUERY))
    assert (plain.severity, plain.related, plain.arch, plain.function) == ("warning", (), None, None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3 AS line", "NULL AS line"),
        ("3 AS line", "'x' AS line"),
        ("1 AS column", "'x' AS column"),
        ("NULL AS severity", "'fatal' AS severity"),
        ("NULL AS related", "'{' AS related"),
        ("NULL AS related", "'[3]' AS related"),
        ("NULL AS related", "7 AS related"),
        ("NULL AS related", """'[{"tree": "x"}]' AS related"""),
    ],
)
def test_a_malformed_row(connection: sqlite3.Connection, old: str, new: str) -> None:
    with pytest.raises(CaplintError, match=r"^a.md: query: a row is malformed: "):
        list(run(connection, _rule(QUERY.replace(old, new))))


def test_a_malformed_row_is_shown(connection: sqlite3.Connection) -> None:
    with pytest.raises(CaplintError) as error:
        list(run(connection, _rule(QUERY.replace("NULL AS severity", "'fatal' AS severity"))))
    row = "('kernel', 'a.c', 3, 1, 'KVM_CAP_X', NULL, NULL, 'fatal', 'text', NULL)"
    wrong = "severity must be one of error, warning, note, or two such as note/warning"
    assert str(error.value) == f"a.md: query: a row is malformed: {wrong} in {row}"


def test_a_long_row_is_cut(connection: sqlite3.Connection) -> None:
    query = QUERY.replace("'text'", "printf('%.*c', 900, 'x')").replace("3 AS line", "NULL AS line")
    with pytest.raises(CaplintError) as error:
        list(run(connection, _rule(query)))
    assert len(str(error.value).partition(" in (")[2]) == 199


def test_numbers_and_texts_are_made_of_what_a_row_holds(connection: sqlite3.Connection) -> None:
    query = """SELECT 1 AS tree, 2 AS path, '3' AS line, '4' AS column, 5 AS subject, 6 AS arch, 7 AS function,
        NULL AS severity, 8 AS message, '[{"tree": 9, "path": 10, "line": "11", "message": 12}]' AS related"""
    assert list(run(connection, _rule(query))) == [
        Finding(
            "HSE001", "house-rule", "warning", "5", "6", "7", "8", Location("1", "2", 3, 4),
            (Related(Location("9", "10", 11), "12"),),
        )
    ]  # fmt: skip


def test_evidence_is_in_order_of_place_then_words(connection: sqlite3.Connection) -> None:
    places = [("b", "p", 1, "m"), ("a", "q", 1, "m"), ("a", "p", 2, "m"), ("a", "p", 1, "n"), ("a", "p", 1, "m")]
    entries = ", ".join(
        f"json_object('tree', '{t}', 'path', '{p}', 'line', {n}, 'message', '{m}')" for t, p, n, m in places
    )
    (found,) = run(connection, _rule(QUERY.replace("NULL AS related", f"json_array({entries}) AS related")))
    assert found.related == tuple(Related(Location(t, p, n), m) for t, p, n, m in reversed(places))


@pytest.mark.parametrize(
    ("query", "reason"), [("SELECT * FROM caps", "no such table: caps"), ("SELECT '", 'unrecognized token: "\'"')]
)
def test_what_sqlite_says_is_passed_on(connection: sqlite3.Connection, query: str, reason: str) -> None:
    with pytest.raises(CaplintError) as error:
        query_rows(connection, query)
    assert str(error.value) == f"query: {reason}"
    with pytest.raises(CaplintError) as error:
        list(run(connection, _rule(query)))
    assert str(error.value) == f"a.md: query: {reason}"
    assert isinstance(error.value.__cause__, sqlite3.Error)


def test_a_damaged_store_is_not_the_querys_fault(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    opened = sqlite3.connect(file, isolation_level=None)
    opened.execute("CREATE TABLE cap (name TEXT)")
    opened.executemany("INSERT INTO cap VALUES (?)", [("x" * 100,)] * 500)
    opened.close()
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    damaged = sqlite3.connect(file, isolation_level=None)
    for attempt in (query_rows, lambda opened, text: list(run(opened, _rule(text)))):
        with pytest.raises(sqlite3.DatabaseError, match="malformed"):
            attempt(damaged, "SELECT * FROM cap")
    damaged.close()


def test_limits_end_with_the_query(connection: sqlite3.Connection) -> None:
    """Those of the connection itself are as they were, also after a query that failed."""
    longest = connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH)
    query_rows(connection, "SELECT 1")
    with pytest.raises(CaplintError):
        query_rows(connection, "SELECT x")
    assert connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) == longest
    connection.execute("PRAGMA user_version = 3")


def test_queries_may_use_functions_and_recursion(connection: sqlite3.Connection) -> None:
    query = (
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT max(i), upper('x') FROM n"
    )
    assert query_rows(connection, query) == (["max(i)", "upper('x')"], [(3, "X")])


@pytest.mark.parametrize("query", ["SELECT 1", "SELECT 1 WHERE 0"])
def test_too_few_columns_show_when_it_runs(connection: sqlite3.Connection, query: str) -> None:
    with pytest.raises(CaplintError, match="selects 1; it must select tree, path"):
        list(run(connection, _rule(query)))


@pytest.mark.parametrize("column", ["subject", "message", "related"])
def test_a_text_that_is_not_utf_8_is_the_querys_fault(connection: sqlite3.Connection, column: str) -> None:
    """A store that is taken for damaged is removed: a page of somebody's could have had that done on every run."""
    old = {"subject": "'KVM_CAP_X' AS", "message": "'text' AS", "related": "NULL AS related"}[column]
    rule = _rule(QUERY.replace(old, f"CAST(x'eda080' AS TEXT) AS{old.partition(' AS')[2]}"))
    with pytest.raises(CaplintError, match=r"^a\.md: query: returns text that is not UTF-8; .*hex\(\)"):
        list(run(connection, rule))
