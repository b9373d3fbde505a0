"""Rule pages: what the loader accepts, what a query may do, and what a row must be."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from caplint import rules
from caplint.errors import CaplintError
from caplint.findings import Finding, Place, Related
from caplint.rules import Example, Rule, find, load, query_rows, run, validate

FRONT = {
    "code": '"HSE001"',
    "name": '"house-rule"',
    "severity": '"warning"',
    "needs": '["kernel"]',
    "since": '"1.0"',
}
QUERY = """SELECT 'kernel' AS tree, 'a.c' AS path, 3 AS line, 1 AS column, 'KVM_CAP_X' AS subject, NULL AS arch,
NULL AS function, NULL AS severity, 'text' AS message, NULL AS related"""
BODY = f"# A house rule\n\nWhy.\n\n```sql\n{QUERY}\n```\n"


def _page(front: dict[str, str] | None = None, body: str = BODY) -> str:
    lines = "\n".join(f"{key} = {value}" for key, value in {**FRONT, **(front or {})}.items() if value)
    return f"+++\n{lines}\n+++\n{body}"


def _load(directory: Path, text: str, name: str = "a.md") -> Rule:
    (directory / name).write_text(text)
    return load([directory])[0]


def _rule(query: str) -> Rule:
    page = f"# A house rule\n\n```sql\n{query}\n```\n"
    return Rule("HSE001", "house-rule", "warning", (), "1.0", (), Path("a.md"), page)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    opened.execute("CREATE TABLE cap (name TEXT)")
    yield opened
    opened.close()


def test_a_page(tmp_path: Path) -> None:
    body = (
        f"{BODY}\n## Bad\n\n```c kernel:a.c\nint x; /* !HSE001 */\nint y;\n```\n\n```diff qemu line=4\n-x\n+y\n```\n\n"
        "### More\n\n```make kernel:Makefile line=2 line=3\nx\n```\n\n## Good\n\n```c kernel:a.c\nint x;\n```\n\n"
        "## Else\n\n```c\nnot an example\n```\n"
    )
    rule = _load(tmp_path, _page({"supersedes": '["HSE002"]'}, body))
    assert (rule.code, rule.name, rule.severity, rule.needs) == ("HSE001", "house-rule", "warning", ("kernel",))
    assert (rule.since, rule.supersedes, rule.title, rule.query) == ("1.0", ("HSE002",), "A house rule", f"{QUERY}\n")
    assert rule.text.startswith("# A house rule\n")
    assert rule.path == tmp_path / "a.md"
    assert rule.bad == [
        [
            Example("c", "kernel", "a.c", "int x;\nint y;\n", (1,), 20),
            Example("diff", "qemu", "", "-x\n+y\n", (4,), 25),
        ],
        [Example("make", "kernel", "Makefile", "x\n", (2, 3), 32)],
    ]
    assert rule.good == [[Example("c", "kernel", "a.c", "int x;\n", (), 38)]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: no front matter between two +++ lines"),
        (BODY, ":1: no front matter between two +++ lines"),
        ("+++\ncode = 1\n", ":1: no front matter between two +++ lines"),
        ("+++\ncode =\n+++\n", ": front matter: Invalid value (at end of document)"),
        (_page({"serverity": '"note"'}), ": front matter: unknown key 'serverity'; did you mean severity?"),
        (_page({"zzz": "1"}), ": front matter: unknown key 'zzz'"),
        (_page({"code": "1"}), ": front matter: code must be a str"),
        (_page({"needs": '"kernel"'}), ": front matter: needs must be a list"),
        (_page({"since": ""}), ": front matter: since is missing"),
        (_page({"code": '"hse001"'}), ": front matter: code 'hse001' is not letters and three digits"),
        (_page({"code": '"HSE0011"'}), ": front matter: code 'HSE0011' is not letters and three digits"),
        (_page({"name": '"House Rule"'}), ": front matter: name 'House Rule' is not lower-case words with hyphens"),
        (_page({"severity": '"fatal"'}), ": front matter: severity must be one of error, warning, note"),
        (
            _page({"needs": '["kernal"]'}),
            ": front matter: needs 'kernal', which is none of kernel, vmm, manager, reference, patch, machine, deep",
        ),
        (_page(body="# No query\n"), ": holds no ```sql block"),
        (_page(body=f"{BODY}## Bad\n\n```c\nx\n```\n"), ":18: an example's fence says a language and TREE:PATH"),
        (_page(body=f"{BODY}## Good\n\n```c kernel\nx\n```\n"), ":18: 'kernel' is not TREE:PATH"),
    ],
)
def test_a_broken_page(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CaplintError) as error:
        _load(tmp_path, text)
    assert str(error.value) == f"{tmp_path / 'a.md'}{message}"


def test_a_page_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xff")
    with pytest.raises(CaplintError, match=r"a.md: cannot be read: 'utf-8' codec"):
        load([tmp_path])


def test_a_code_is_defined_once(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text(_page({"name": '"other"'}))
    with pytest.raises(CaplintError) as error:
        _load(tmp_path, _page())
    assert str(error.value) == f"{tmp_path / 'b.md'}: HSE001 is already defined by {tmp_path / 'a.md'}"


def test_pages_of_several_directories_come_by_code(tmp_path: Path) -> None:
    for directory, code in (("one", "HSE003"), ("one", "HSE001"), ("two", "HSE002")):
        (tmp_path / directory).mkdir(exist_ok=True)
        (tmp_path / directory / f"{code}.md").write_text(_page({"code": f'"{code}"'}))
    (tmp_path / "one/README.txt").write_text("no page")
    assert [rule.code for rule in load([tmp_path / "one", tmp_path / "two"])] == ["HSE001", "HSE002", "HSE003"]
    with pytest.raises(CaplintError, match=r"three: no such directory of rule pages$"):
        load([tmp_path / "three"])


@pytest.mark.parametrize("code", ["HSE001", "hse001", "house-rule", "House-Rule"])
def test_a_rule_is_found_by_code_or_name(code: str) -> None:
    rule = _rule(QUERY)
    assert find([rule], code) is rule
    assert rule.is_called(code)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("HSE0001", "did you mean HSE001?"),
        ("hse002", "did you mean HSE001?"),
        ("house-rules", "did you mean house-rule?"),
        ("zzz", "`caplint rules` lists them"),
    ],
)
def test_a_rule_that_does_not_exist(code: str, hint: str) -> None:
    with pytest.raises(CaplintError) as error:
        find([_rule(QUERY)], code)
    assert str(error.value) == f"{code}: no such rule; {hint}"


@pytest.mark.parametrize("query", [QUERY, f"{QUERY};\n", f"{QUERY} -- a remark", f"WITH x AS (SELECT 1) {QUERY}"])
def test_a_query_is_compiled(connection: sqlite3.Connection, query: str) -> None:
    validate(connection, _rule(query))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT 1 AS tree", f"selects tree; it must select {', '.join(rules.COLUMNS)}"),
        (
            QUERY.replace("AS arch", "AS architecture"),
            "selects tree, path, line, column, subject, architecture, function, severity, message, related; "
            f"it must select {', '.join(rules.COLUMNS)}",
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
    monkeypatch.setattr(rules, "TIME_LIMIT", 0.05)
    with pytest.raises(CaplintError, match=r"^a.md: query: takes longer than 0.05 s$"):
        list(run(connection, _rule(FOREVER)))
    with pytest.raises(CaplintError, match=r"^query: takes longer than 0.05 s$"):
        query_rows(connection, FOREVER)
    assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize(
    ("query", "columns", "rows"),
    [
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
            "HSE001", "house-rule", "note", "KVM_CAP_X", "x86", "f", "two lines", Place("kernel", "a.c", 3, 1),
            (Related(Place("a", "p", 9), "one"), Related(Place("b", "p", 2), "two")),
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


def test_too_few_columns_only_show_in_a_row(connection: sqlite3.Connection) -> None:
    with pytest.raises(CaplintError, match="a row is malformed"):
        list(run(connection, _rule("SELECT 1")))
