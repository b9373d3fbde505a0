"""Output that comes from rule pages, queries, paths and libraries: it controls no terminal and is clear."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Caplint, kernel

from caplint.cli import main as program
from caplint.facts.store.store import FactStore
from caplint.matrix import cell
from caplint.matrix.model import FleetMember, Job
from caplint.util.errors import SHORT_OF_MEMORY

QUERY = """SELECT tree, path, 1 AS line, 1 AS column, 'KVM_CAP_X' AS subject, NULL AS arch, NULL AS function,
NULL AS severity, char(27, 10) || '::error::' || char(55296) AS message, NULL AS related FROM cap LIMIT 1"""
PAGE = f"""+++
code = "HSE001"
name = "house-rule"
severity = "warning"
needs = []
since = "1.0"
+++
# A house rule

Text. &#8238; [&#8238;](x)

```sql
{QUERY}
```
"""
LINKER = "/lib/unicodedata.so: failed to map segment from shared object"


def test_a_page_that_makes_no_text_costs_one_line_and_no_store(caplint: Caplint, tmp_path: Path) -> None:
    tree = kernel(tmp_path / "k")
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.md").write_text(PAGE)
    caplint("check", tree, "--fail-on", "never")
    before = {path.name: path.stat().st_ino for path in (tmp_path / "cache").glob("*.db")}
    run = caplint("check", tree, "--rules", tmp_path / "pages")
    assert (run.status, run.out) == (2, "")
    assert run.err == (
        f"caplint: {tmp_path}/pages/a.md: query: returns text that is not UTF-8; wrap the column in hex()\n"
    )
    assert before
    assert before == {path.name: path.stat().st_ino for path in (tmp_path / "cache").glob("*.db")}


def test_an_entity_of_a_page_is_not_shown_as_what_it_stands_for(
    caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.md").write_text(PAGE)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    out = caplint("explain", "HSE001", "--rules", tmp_path).out
    assert "\\u202e" in out
    assert "\u202e" not in out


@pytest.mark.parametrize("layout", ["text", "json", "csv"])
def test_the_name_of_a_column_is_made_visible(caplint: Caplint, tmp_path: Path, layout: str) -> None:
    tree = kernel(tmp_path / "k")
    run = caplint("facts", 'SELECT char(27, 8238) AS "\x1b[31m\u202e"', tree, "--output-format", layout)
    assert run.status == 0
    assert "\x1b" not in run.out
    assert "\u202e" not in run.out


def test_a_warning_of_the_store_is_one_visible_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a\x1b[31m\n::error::b").touch()
    FactStore(tmp_path / "a\x1b[31m\n::error::b" / "facts.db").close()
    err = capsys.readouterr().err
    assert err.startswith("caplint: warning: store ")
    assert err.count("\n") == 1
    assert "\x1b" not in err


@pytest.mark.parametrize("error", [ImportError(LINKER), MemoryError()], ids=["linker", "memory"])
def test_short_memory_is_said_in_words(
    caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def no_memory(*_: object) -> None:
        raise error

    monkeypatch.setattr(cell, "checked", no_memory)
    member = FleetMember("k", str(tmp_path), "kernel", "k")
    job = Job(member, member, None, (), (), "warning", "")
    assert cell._answer(job).error == SHORT_OF_MEMORY
    monkeypatch.setattr(program, "import_module", no_memory)
    run = caplint("rules")
    assert (run.status, run.out, run.err) == (2, "", f"caplint: {SHORT_OF_MEMORY}\n")


def test_a_module_that_is_missing_is_not_called_short_memory(caplint: Caplint, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ImportError("No module named 'x'")

    monkeypatch.setattr(program, "import_module", missing)
    assert "internal error: ImportError" in caplint("rules").err
