"""Rule pages: what the loader accepts, what a query may do, and what a row must be."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from caplint.findings.finding import Finding, Location, Related
from caplint.rules import page, query, sandbox
from caplint.rules.page import Example, Rule, find, load
from caplint.rules.query import query_rows, run, validate
from caplint.util import shipped_files
from caplint.util.errors import CaplintError
from caplint.util.shipped_files import RULES

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
        ("", ":1: front matter between two +++ lines is missing"),
        (BODY, ":1: front matter between two +++ lines is missing"),
        ("+++\ncode = 1\n", ":1: front matter between two +++ lines is missing"),
        ("+++\ncode =\n+++\n", ": front matter: not valid TOML: Invalid value (at end of document)"),
        (_page({"serverity": '"note"'}), ": front matter: unknown key 'serverity'; did you mean severity?"),
        (_page({"zzz": "1"}), ": front matter: unknown key 'zzz'"),
        (_page({"code": "1"}), ": front matter: code must be a text in quotes"),
        (_page({"needs": '"kernel"'}), ": front matter: needs must be a list in brackets"),
        (_page({"since": ""}), ": front matter: since is missing; add it"),
        (_page({"since": '"\\u001b[31m"'}), ": front matter: since '\\x1b[31m' is not a version such as 1.2.0"),
        (
            "+++\n" + ".".join("a" * 50_000) + " = 1\n+++\n",
            ": front matter: not valid TOML: a key of more than 32 parts (at line 1)",
        ),
        (_page({"code": '"hse001"'}), ": front matter: code 'hse001' is not letters and three digits, such as CAP299"),
        (
            _page({"code": '"HSE0011"'}),
            ": front matter: code 'HSE0011' is not letters and three digits, such as CAP299",
        ),
        (
            _page({"name": '"House Rule"'}),
            ": front matter: name 'House Rule' is not lower-case words with hyphens, such as number-mismatch",
        ),
        (_page({"severity": '"fatal"'}), ": front matter: severity must be one of error, warning, note"),
        (
            _page({"needs": '["kernal"]'}),
            ": front matter: needs 'kernal', which must be one of kernel, code, documentation, vmm, manager, "
            "reference, patch, series, rival, machine, deep",
        ),
        (_page(body="# No query\n"), ": has no ```sql block; add one with the query"),
        (_page(body=f"{BODY}## Bad\n\n```c\nx\n```\n"), ":18: the fence of an example needs a language and TREE:PATH"),
        (_page(body=f"{BODY}## Good\n\n```c kernel\nx\n```\n"), ":18: 'kernel' is not TREE:PATH"),
    ],
)
def test_a_broken_page(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CaplintError) as error:
        _load(tmp_path, text)
    assert str(error.value) == f"{tmp_path / 'a.md'}{message}"


@pytest.mark.parametrize(
    "character", ["\x00", "\x07", "\x0c", "\x1b", "\r", "\x7f", "\x9b", "\u200f", "\u2028", "\u202e"]
)
@pytest.mark.parametrize("place", ["# A ", "Wh", "```sq", "'text"])
def test_a_page_holds_nothing_that_a_terminal_obeys(tmp_path: Path, place: str, character: str) -> None:
    page = _page().replace(place, place + character)
    (tmp_path / "a.md").write_text(page, newline="")
    line = page[: page.index(character)].count("\n") + 1
    with pytest.raises(CaplintError) as error:
        load([tmp_path])
    assert (
        str(error.value)
        == f"{tmp_path / 'a.md'}:{line}: holds a control character, which is not shown here; take it out"
    )


def _prose(body: str) -> Rule:
    return Rule("HSE001", "house-rule", "warning", (), "1.0", (), Path("a.md"), body)


def test_what_a_page_says_where_it_is_read_alone() -> None:
    rule = _prose(
        "\n\n# A house\trule\n\nFirst [link](HSE002-b.md) and\n  [other](HSE003-c.md), [web](https://e.org/a.html).\n\n"
        "**How to fix it.** See [no page](x.MD).\n\n```sql\nSELECT [a](b.md)\n```\n\n"
        "Not this.\n\n```sql\nNor this\n```\n"
    )
    assert rule.title == "A house\trule"
    assert rule.explanation == (
        "# A house\trule\n\nFirst link and\n  other, [web](https://e.org/a.html).\n\n"
        "**How to fix it.** See [no page](x.MD)."
    )
    assert rule.summary == "First link and other, [web](https://e.org/a.html)."
    assert rule.text.startswith("# A house")
    assert rule.text.endswith("```\n")


@pytest.mark.parametrize(
    ("body", "title", "summary"),
    [
        ("# Only a heading\n\n```sql\nSELECT 1\n```\n", "Only a heading", "Only a heading"),
        ("## Not the heading\n\nText.\n\n# It\n", "It", "Text."),
        ("No heading\n", "house-rule", "house-rule"),
    ],
)
def test_a_page_with_less(body: str, title: str, summary: str) -> None:
    assert (_prose(body).title, _prose(body).summary) == (title, summary)


def test_lines_are_counted_from_the_pages_first(tmp_path: Path) -> None:
    body = f"{BODY}\n## Bad\n\n```c kernel:a.c\nx\n```\n"
    assert _load(tmp_path, _page({"name": '"a"', "supersedes": '["HSE002", "HSE003"]'}, body)).bad[0][0].line == 20
    assert _prose(body).bad[0][0].line == 12
    example = Example("c", "kernel", "a.c", "x\n")
    assert (example.expected, example.line, example.series) == ((), 0, "")


def test_what_belongs_to_which_side(tmp_path: Path) -> None:
    """A heading of level two ends what is bad or good; words beside fences and further headings do not."""
    body = (
        f"{BODY}\n## Notes\n\n```c\nno example\n```\n\n##  BAD \n\nWords.\n\n```c kernel:a.c\n1\n```\n\n"
        "### Next\n\nWords.\n\n```c kernel:b.c\n2\n```\n\n## Known\n\n```c\nno example\n```\n\n"
        "## Good\n\n#### Deep\n\n```c qemu:c.c series=other\n3\n```\n"
    )
    rule = _load(tmp_path, _page(body=body))
    assert [[(part.tree, part.path, part.content) for part in group] for group in rule.bad] == [
        [("kernel", "a.c", "1\n")],
        [("kernel", "b.c", "2\n")],
    ]
    assert [[(part.tree, part.path, part.series) for part in group] for group in rule.good] == [
        [("qemu", "c.c", "other")]
    ]


def test_only_the_first_query_counts_and_a_second_must_be_an_example(tmp_path: Path) -> None:
    second = f"{BODY}\n## Bad\n\n```sql\nSELECT 2\n```\n"
    with pytest.raises(CaplintError, match=r":19: the fence of an example needs a language and TREE:PATH$"):
        _load(tmp_path, _page(body=second))
    assert _load(tmp_path, _page(body=f"{BODY}\n```sql\nSELECT 2\n```\n")).query == f"{QUERY}\n"


def test_a_diff_keeps_its_marks_until_it_is_applied(tmp_path: Path) -> None:
    body = f"{BODY}\n## Bad\n\n```diff kernel series=a=b line=7\n+x /* !HSE001 */\n```\n"
    assert _load(tmp_path, _page(body=body)).bad == [
        [Example("diff", "kernel", "", "+x /* !HSE001 */\n", (7,), 19, "a=b")]
    ]


def test_a_fence_before_the_query_is_not_it(tmp_path: Path) -> None:
    assert _load(tmp_path, _page(body=f"# A rule\n\n```c\nint x;\n```\n\n{BODY}")).query == f"{QUERY}\n"


@pytest.mark.parametrize(
    ("line", "without", "marked"),
    [
        ("int x; /* !HSE001 */\n", "int x;\n", True),
        ("int x;\t\t/* !CAP101 */", "int x;", True),
        ("/* !HSE001 */ int x;", " int x;", True),
        ("a /* !HSE001 */ b /* !HSE002 */", "a b", True),
        ("int x; /* HSE001 */", "int x; /* HSE001 */", False),
        ("int x; /* !hse001 */", "int x; /* !hse001 */", False),
        ("int x; /* !HSE01 */", "int x; /* !HSE01 */", False),
        ("int x; /* !H001 */", "int x; /* !H001 */", False),
        ("int x; /* !LONGWORDS001 */", "int x; /* !LONGWORDS001 */", False),
    ],
)
def test_marks(line: str, without: str, marked: bool) -> None:
    assert page.strip_marks(line) == without
    assert page.is_marked(line) is marked


@pytest.mark.parametrize("code", ["HS001", "HOUSERUL001"])
def test_codes_are_two_to_eight_letters(tmp_path: Path, code: str) -> None:
    assert _load(tmp_path, _page({"code": f'"{code}"'})).code == code


@pytest.mark.parametrize(
    ("key", "value"),
    [("code", '"H001"'), ("code", '"HOUSERULE001"'), ("code", '"xHSE001"'), ("code", '"HSE001\\n"'), ("name", '"a--b"'),
     ("name", '"-a"'), ("name", '"a-"'), ("name", '"a_b"'), ("name", '"a\\n"'), ("name", '""')],
)  # fmt: skip
def test_codes_and_names_that_are_none(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(CaplintError, match=f"front matter: {key} .* is not "):
        _load(tmp_path, _page({key: value}))


def test_names_may_hold_digits(tmp_path: Path) -> None:
    assert _load(tmp_path, _page({"name": '"a1-2b-c"'})).name == "a1-2b-c"


@pytest.mark.parametrize("role", page.ROLES)
def test_every_role_may_be_needed(tmp_path: Path, role: str) -> None:
    assert _load(tmp_path, _page({"needs": f'["kernel", "{role}"]'})).needs == ("kernel", role)


def test_blocks_are_looked_for_when_they_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(_page(body="# No query\n"))
    (rule,) = load([tmp_path], whole=False)
    assert (rule.title, rule.offset, rule.supersedes) == ("No query", 7, ())
    with pytest.raises(CaplintError, match=r"a.md: has no ```sql block; add one with the query$"):
        page.parse([rule])


def test_the_query_of_a_shipped_page_is_read_without_a_parser() -> None:
    for rule in load([RULES], whole=False):
        text = rule.query
        assert "blocks" not in rule.__dict__, rule.code
        assert text == rule.blocks.query, rule.code


def test_a_shipped_page_without_a_query_is_malformed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped_files, "RULES", tmp_path)
    with pytest.raises(CaplintError, match=r"a\.md: has no ```sql block"):
        _load(tmp_path, _page(body="# A house rule\n\nWhy.\n"))


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
    with pytest.raises(CaplintError, match=r"three: no such directory; name a directory of rule pages$"):
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
        ("HOUSE-RULES", "`caplint rules` lists all rules"),
        ("zzz", "`caplint rules` lists all rules"),
    ],
)
def test_a_rule_that_does_not_exist(code: str, hint: str) -> None:
    with pytest.raises(CaplintError) as error:
        find([_rule(QUERY)], code)
    assert str(error.value) == f"{code}: unknown rule; {hint}"


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


def test_a_fence_is_cut_where_it_is_shown(tmp_path: Path) -> None:
    page = _page(None, f"{BODY}\n## Bad\n\n```c {'x' * 100_000}\nint x;\n```\n")
    with pytest.raises(CaplintError, match="is not TREE:PATH") as error:
        _load(tmp_path, page)
    assert len(str(error.value)) < 500


def test_a_page_and_its_examples_are_bounded(tmp_path: Path) -> None:
    example = "```c kernel:a.c\nint x;\n```\n\n"
    assert len(_load(tmp_path, _page(None, f"{BODY}\n## Good\n\n{example * 1_000}")).good) == 1
    with pytest.raises(CaplintError, match=r"a\.md: has more than 1,000 examples; remove some$"):
        _load(tmp_path, _page(None, f"{BODY}\n## Good\n\n{f'### A{chr(10) * 2}{example}' * 1_001}"))
    with pytest.raises(CaplintError, match=r"a\.md: 1,000,001 bytes; more than 1,000,000 are not read$"):
        _load(tmp_path, _page().ljust(1_000_001))


def test_a_line_of_an_example_that_no_file_has_is_none(tmp_path: Path) -> None:
    rule = _load(tmp_path, _page(None, f"{BODY}\n## Bad\n\n```make kernel:Makefile line={'9' * 5000} line=2\nx\n```\n"))
    assert rule.bad[0][0].expected == (2,)


@pytest.mark.parametrize(
    "path", ["../a.c", "a/../b.c", "./a.c", "/etc/a.c", "a//b.c", ".git/a.c", "a/.GIT/b.c", "a\\b.c", "a:b.c", "a/"]
)
def test_an_example_is_a_file_of_its_tree(tmp_path: Path, path: str) -> None:
    with pytest.raises(CaplintError, match=r"a\.md:\d+: .* is not TREE:PATH$"):
        _load(tmp_path, _page(None, f"{BODY}\n## Bad\n\n```c kernel:{path}\nint x;\n```\n"))
