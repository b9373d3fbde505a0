"""Rule pages: what the loader accepts, and what it says of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from caplint.rules import page
from caplint.rules.page import Example, Rule, find, load
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
