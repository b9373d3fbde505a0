"""Queries that try to take for ever, or everything: each ends in time, with one line."""
# ruff: noqa: E501, PT017 - tables of attacks, of which some may succeed

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator

import pytest

from caplint.rules import sandbox
from caplint.rules.query import query_rows
from caplint.rules.sql_functions import LimitError, Text, glob, instr, like, ltrim, printf, replace, rtrim, trim
from caplint.util.errors import CaplintError

MILLION = "replace(hex(zeroblob(500000)), '0', 'a')"
ROWS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000)"
NESTED = ", ".join(f"c{i} (x) AS (SELECT a.x FROM c{i - 1} a, c{i - 1} b)" for i in range(1, 40))


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    yield opened
    opened.close()


SLOW = [
    f"SELECT instr({MILLION}, substr({MILLION}, 500000) || 'b')",
    f"SELECT instr({MILLION} || {MILLION}, {MILLION} || 'b')",
    f"SELECT instr(CAST({MILLION} AS BLOB), CAST(substr({MILLION}, 500000) || 'b' AS BLOB))",
    f"SELECT replace({MILLION}, substr({MILLION}, 500000) || 'b', 'c')",
    f"SELECT replace({MILLION}, 'a', {MILLION})",
    f"SELECT length(replace(replace({MILLION}, 'a', 'aaaa'), 'aab', ''))",
    f"SELECT {MILLION} LIKE '%' || substr({MILLION}, 990000) || 'b'",
    f"SELECT {MILLION} LIKE '%a%a%a%a%a%a%a%a%a%a%a%a%b'",
    f"SELECT {MILLION} LIKE replace(hex(zeroblob(20)), '0', '%_') || 'b'",
    f"SELECT {MILLION} GLOB '*' || substr({MILLION}, 990000) || 'b'",
    f"SELECT {MILLION} GLOB '*a*a*a*a*a*a*a*a*a*a*a*a*b'",
    f"SELECT {MILLION} GLOB replace(hex(zeroblob(20)), '0', '*[^b]?') || 'b'",
    f"SELECT like({MILLION}, {MILLION}), glob({MILLION}, {MILLION})",
    f"SELECT ltrim({MILLION}, replace({MILLION}, 'a', 'b') || 'a')",
    f"SELECT trim({MILLION} || 'x', (SELECT group_concat(char(i), '') FROM ({ROWS} SELECT i FROM n WHERE i > 200)))",
    "SELECT printf('%*d', 2000000000, 1)",
    "SELECT printf('%.*f', 2000000000, 1.5)",
    "SELECT printf(replace(hex(zeroblob(50000)), '0', '%.9999999g'))",
    "SELECT length(printf(replace(hex(zeroblob(5000)), '0', '%.99999g')))",
    "SELECT format('%2000000000s|%-2000000000s', 'a', 'b')",
    f"{ROWS} SELECT group_concat(i) FROM n",
    f"{ROWS} SELECT length(group_concat(i) OVER (ORDER BY i)) FROM n",
    f"{ROWS} SELECT length(group_concat(hex(zeroblob(4000000)))) FROM n",
    f"{ROWS} SELECT hex(zeroblob(1000000)) FROM n",
    f"{ROWS} SELECT count(*) FROM n a, n b",
    f"{ROWS} SELECT a.i FROM n a, n b ORDER BY a.i * b.i",
    f"{ROWS} SELECT DISTINCT hex(zeroblob(1000000)) || i FROM n",
    "WITH RECURSIVE n (s) AS (SELECT 'a' UNION ALL SELECT s || s FROM n) SELECT count(*) FROM n",
    "WITH RECURSIVE n (s) AS (SELECT zeroblob(5000000) UNION ALL SELECT s FROM n) SELECT max(quote(s)) FROM n",
    f"{ROWS} SELECT json_group_array(json_array(i, i, i)) FROM n",
    f"{ROWS} SELECT length(json_group_array(i) OVER (ORDER BY i ROWS 5 PRECEDING)) FROM n",
    f"SELECT count(*) FROM json_tree('[' || {MILLION.replace(chr(39) + 'a' + chr(39), chr(39) + '1,' + chr(39))} || '1]') WHERE fullkey GLOB '*9*'",
    "SELECT json_patch('{}', '{}')",
    f"WITH c0 (x) AS (SELECT 1), {NESTED} SELECT count(*) FROM c39",
    f"WITH \"c0\" (x) AS NOT MATERIALIZED (SELECT 1 /* ) */), {NESTED.replace('c1 ', '[C1] ')} SELECT ')', x FROM `c39`",
    "SELECT " + " || ".join(["hex(zeroblob(1000000))"] * 400),
    "SELECT " + ", ".join(["length(hex(zeroblob(4000000)))"] * 490),
    "SELECT " + ", ".join(["upper(lower('a'))"] * 400),
    "SELECT " + "(" * 2000 + "1" + ")" * 2000,
    "SELECT 1" + " UNION ALL SELECT 1" * 5000,
    "SELECT 1 -- " + "a" * 1_000_000,
    "SELECT randomblob(2000000000)",
    "SELECT 1\0",
    "SELECT '\ud800'",
    "SELECT edit('x'), fts3_tokenizer('simple')",
    "SELECT rtreecheck('main', 'x')",
]


@pytest.mark.parametrize("query", SLOW, ids=lambda query: query[:60])
def test_a_query_ends(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    monkeypatch.setattr(sandbox, "TIME_LIMIT", 2.0)
    monkeypatch.setattr(sandbox, "_MEMORY", 400_000_000)
    begun = time.process_time()
    try:
        query_rows(connection, query)
    except CaplintError as error:
        assert str(error).startswith("query: ")
        assert "\n" not in str(error)
        assert len(str(error)) < 300
        assert "user-defined function" not in str(error)
    assert time.process_time() - begun < 8
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_function_of_long_texts_looks_at_the_clock(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite would look only after 2,000 steps, each of which takes milliseconds here."""
    monkeypatch.setattr(sandbox, "TIME_LIMIT", 0.5)
    begun = time.process_time()
    text = "t (x) AS MATERIALIZED (SELECT hex(zeroblob(4500000)))"
    with pytest.raises(CaplintError, match=r"^query: takes longer than 0.5 s$"):
        query_rows(connection, f"{ROWS}, {text} SELECT sum(instr(x, '1' || i)) FROM n, t")
    assert time.process_time() - begun < 1.5


def test_a_query_that_takes_memory_ends(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The peak is measured again while the query runs; it grows by 100 MB at each look here."""
    peaks = iter(range(0, 10_000_000_000, 100_000_000))
    monkeypatch.setattr(sandbox, "_memory", lambda: next(peaks))
    with pytest.raises(CaplintError, match=r"^query: takes more than 1,500 MB of memory$"):
        query_rows(connection, f"{ROWS} SELECT count(*) FROM n")
    assert next(peaks) == 1_700_000_000


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (f"SELECT {MILLION} LIKE '%' || {MILLION}", "a pattern of 1,000,001 characters on a text of 1,000,000 takes"),
        (f"SELECT replace({MILLION}, 'a', {MILLION})", "string or blob too big"),
        ("SELECT json_patch('{}', '{}')", "not authorized to use function: json_patch"),
        (f"WITH c0 (x) AS (SELECT 1), {NESTED} SELECT count(*) FROM c39", "uses its WITH clauses too often"),
        ("SELECT 1 -- " + "a" * 1_000_000, "is longer than 100,000 characters"),
        ("SELECT 1" + "+1" * 600, "Expression tree is too large (maximum depth 500)"),
        ("SELECT 1" + " UNION ALL SELECT 1" * 300, "too many terms in compound SELECT"),
        ("SELECT 1 IN (" + ",".join("1" * 49_000) + ")", "is too large for SQLite"),
        ("SELECT 1\0", "contains a NUL character"),
        ("SELECT '\ud800'", "is not UTF-8"),
        ("SELECT " + ", ".join(["abs(1)"] * 600), "calls more than 500 functions"),
        ("SELECT 'a' LIKE 'b' ESCAPE 'cc'", "ESCAPE expression must be a single character"),
    ],
)
def test_the_reason_is_said(connection: sqlite3.Connection, query: str, reason: str) -> None:
    with pytest.raises(CaplintError) as error:
        query_rows(connection, query)
    assert str(error.value).startswith(f"query: {reason}")


@pytest.mark.parametrize("query", ["UPDATE fact SET count = 2", "PRAGMA user_version = abs"])
def test_what_is_no_call_is_refused_whatever_it_names(connection: sqlite3.Connection, query: str) -> None:
    """SQLite passes the column or the pragma's value where a call's function stands."""
    connection.executescript("CREATE TABLE fact (count INTEGER); INSERT INTO fact VALUES (1)")
    with pytest.raises(CaplintError, match=r"^query: not authorized$"):
        query_rows(connection, query)
    assert connection.execute("SELECT count FROM fact").fetchone() == (1,)


NO_TEXT = ["SELECT char(55296)", "SELECT CAST(x'ff' AS TEXT)", "SELECT json_extract('\"\\ud800\"', '$')"]


@pytest.mark.parametrize("query", NO_TEXT)
def test_a_text_that_is_none_is_the_querys_own_fault(connection: sqlite3.Connection, query: str) -> None:
    connection.executescript("CREATE TABLE fact (a TEXT, b BLOB); INSERT INTO fact VALUES ('ü', NULL)")
    with pytest.raises(CaplintError) as error:
        query_rows(connection, query)
    assert str(error.value) == "query: returns text that is not UTF-8; wrap the column in hex()"


@pytest.mark.parametrize("kind", ["TABLE", "TEMP TABLE"])
def test_a_text_that_is_none_in_the_store_is_damage(connection: sqlite3.Connection, kind: str) -> None:
    connection.executescript(f'CREATE {kind} "a fact" (a TEXT); INSERT INTO "a fact" VALUES (CAST(x\'ff\' AS TEXT))')
    with pytest.raises(sqlite3.OperationalError, match="Could not decode"):
        query_rows(connection, 'SELECT a FROM "a fact"')


def test_rows_are_bounded(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_ROWS", 10_000_000)
    with pytest.raises(CaplintError, match=r"^query: returns more than 10 MB of rows; select fewer, or add LIMIT$"):
        query_rows(connection, f"{ROWS} SELECT i FROM n")


def test_a_query_may_use_its_clauses(connection: sqlite3.Connection) -> None:
    """As often as one likes, within reason; a clause that calls itself is used once."""
    query = "WITH RECURSIVE a (x) AS (SELECT 1), b (x) AS (SELECT x FROM a UNION SELECT x + 1 FROM b WHERE x < 3) "
    query += "SELECT " + ", ".join(f"(SELECT max(x) FROM b) AS c{i}" for i in range(100))
    assert query_rows(connection, query)[1] == [(3,) * 100]


VALUES: list[Text] = [
    None, "", "a", "A", "ab", "aab", "abc", "%", "_", "a%b", "a_b", "[", "]", "a]b", "*", "a*b", "?", "^", "-", "é", "É", "aé", "x\ny", 1, 12,
    -1, 1.5, 1e300, b"a", b"ab", b"", "KVM_CAP_X", "kvm_cap_x", "\\", "a\\b",
]  # fmt: skip
PATTERNS: list[Text] = [
    "", "%", "%%", "_", "a%", "%b", "a%b", "%a%b%", "_b", "A_", "é", "[", "]", "*", "**", "?", "a*", "*b", "a*b", "[a-c]", "[^a-c]", "[]]",
    "[^]]", "[]a]*", "[a", "[a-", "[a-]", "[z-a]", "[^z-a]", "a[a-c]?", "*[^A-Z0-9_]*", "\\%", "a\\", "a\\_b", "KVM_CAP_*", "KVM\\_%", None, 1, b"a",
]  # fmt: skip


def test_ours_answer_as_sqlites_do() -> None:
    plain = sqlite3.connect(":memory:")
    for pattern in PATTERNS:
        for value in VALUES:
            # What SQLite makes of blobs here depends on its version and on how it was built.
            if isinstance(value, bytes) or isinstance(pattern, bytes):
                continue
            for name, ours in (("like", like), ("glob", glob)):
                expected = plain.execute(f"SELECT {name}(?, ?)", (pattern, value)).fetchone()[0]
                assert ours(pattern, value) == expected, (name, pattern, value)
            if isinstance(pattern, str) and isinstance(value, str):
                expected = plain.execute("SELECT ? LIKE ? ESCAPE '\\'", (value, pattern)).fetchone()[0]
                assert like(pattern, value, "\\") == expected, (pattern, value)
            for name, two in (("instr", instr), ("trim", trim), ("ltrim", ltrim), ("rtrim", rtrim)):
                expected = plain.execute(f"SELECT {name}(?, ?)", (value, pattern)).fetchone()[0]
                assert two(value, pattern) == expected, (name, value, pattern)
            expected = plain.execute("SELECT replace(?, ?, 'xy')", (value, pattern)).fetchone()[0]
            if pattern == "" and not isinstance(value, str | None):
                continue  # SQLite before 3.45 gives the value itself, later ones its text
            assert replace(value, pattern, "xy") == expected, (value, pattern)
    for given in (("%d", 5), ("0x%x", -1), ("%s-%5.2f|%q", "a", 1.5, "it's"), ("%%",), ("%*d", 7, 1), (None,), (7,)):
        marks = ", ".join("?" * len(given))
        assert printf(*given) == plain.execute(f"SELECT printf({marks})", given).fetchone()[0]


def test_a_long_format_is_refused() -> None:
    for given in (("%" * 200_000,), ("%9999999999d", 1), ("%*d", 10**8, 1)):
        with pytest.raises(LimitError):
            printf(*given)
