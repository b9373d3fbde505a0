"""Pages of rules as readers see them."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest

from caplint.report.rule_page import RulePage, first_example, markdown, write
from caplint.report.style import Style
from caplint.rules.page import Rule, load
from caplint.util import shipped_files

RULES = {rule.code: rule for rule in load([shipped_files.RULES])}


def _order(text: str, *words: str) -> bool:
    places = [text.index(word) for word in words]
    return places == sorted(places)


def test_the_order_is_meaning_repair_example_faults_limits() -> None:
    text = markdown(RulePage(RULES["CAP101"]))
    assert _order(text, "# A capability has", "**How to fix it.**", "## Example", "## Known limits", "The page with")
    with_faults = next(rule for rule in RULES.values() if rule.history)
    assert _order(
        markdown(RulePage(with_faults)), "## Example", "## Public faults that it would have caught", "## Known limits"
    )


@pytest.mark.parametrize("code", RULES)
def test_every_shipped_page(code: str) -> None:
    rule = RULES[code]
    text, whole = markdown(RulePage(rule)), markdown(RulePage(rule, query=True))
    assert "```sql" not in text
    assert whole.count("```sql") == 1
    assert _order(whole, "## Known limits", "```sql")
    assert f"!{code}" not in text
    assert text.count("## Example\n") == 1
    assert text.count("\n```") % 2 == 0
    missing = [line for line in rule.explanation.splitlines() if line not in text]
    assert all(line.startswith("**Known limits.**") for line in missing)


@pytest.mark.parametrize(
    ("body", "example"),
    [
        ("# T\n\n## Bad\n\nText:\n\n```c kernel:a.c\nint a; /* !CAP101 */\n```\n\n## Good\n\nb\n",
         "Text:\n\n```c kernel:a.c\nint a; /* <- CAP101 */\n```"),
        ("## Bad\n\n### First\n\none\n\n### Second\n\ntwo\n", "one"),
        ("## bad\n\n```c k:a.c\n## Good\n### x\n```\n", "```c k:a.c\n## Good\n### x\n```"),
        ("## Bad\n\n```rst k:a.rst line=3 line=5\nx\n```\n",
         "Reported: lines 3, 5 of the file.\n\n```rst k:a.rst\nx\n```"),
        ("## Bad\n\n## Good\n\nx\n", ""),
        ("## Good\n\nx\n", ""),
        ("## Bad\n", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_the_first_bad_example(body: str, example: str) -> None:
    assert first_example(body) == example


@pytest.mark.parametrize("columns", [20, 40, 100])
def test_a_terminal_of_any_width(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = StringIO()
    write(RulePage(RULES["CAP208"]), out, Style(), terminal=True)
    text = out.getvalue()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= columns
    assert "How to fix it." in " ".join(text.split())


def test_colours_only_where_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out = StringIO()
    write(RulePage(RULES["CAP208"]), out, Style(colour=True), terminal=True)
    assert "\x1b[" in out.getvalue()


def test_a_page_of_ten_thousand_paragraphs_is_read(tmp_path: Path) -> None:
    examples = "### x\n\n```c k:a.c\n```\n\n" * 900
    body = "# T\n\n" + "text\n\n" * 10_000 + "```sql\nSELECT 1\n```\n\n## Bad\n\n" + examples
    rule = Rule("HSE001", "a", "note", (), "1", (), tmp_path / "a.md", body)
    assert "```c k:a.c" in markdown(RulePage(rule))
