"""Proposals over whole trees: what helps one file must not harm another."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest
from conftest import Files, bare_kernel

from caplint.c.repair_trials import RepairWord, RepairWords
from caplint.c.tables import Repairs, tables
from caplint.config.settings import Config, load
from caplint.coverage import proposals
from caplint.coverage.ledger import read_ledger
from caplint.coverage.proposals import Proposals, propose
from caplint.report.proposals import lines
from caplint.session import open_session

GOOD = "int g(int a)\n{\n\treturn a;\n}\n"


def _propose(root: Path, files: Files, repairs: Repairs | None = None) -> Proposals:
    repairs = repairs or Repairs()
    session = open_session([bare_kernel(root, files)], Config(cache="none", jobs=1, repairs=repairs))
    try:
        table = tables(repairs.attributes, repairs.iterators)
        ledger = read_ledger(session.connection, session.trees, table)
        return propose(
            [(entry.tree, file) for entry in session.loaded for file in entry.files], ledger.spots, repairs, 1
        )
    finally:
        session.store.close()


def _words(found: Proposals) -> list[str]:
    return [proposal.entry.word for proposal in found.entries]


def test_gains_are_counted_and_the_largest_comes_first(tmp_path: Path) -> None:
    found = _propose(
        tmp_path,
        {
            "arch/x86/kvm/a.c": "int __seldom f(void)\n{\n}\n",
            "arch/x86/kvm/b.c": "int __many f(void)\n{\n}\n\nint __many g(void)\n{\n}\n",
            "arch/x86/kvm/c.c": GOOD + "int __many f(void)\n{\n}\n",
        },
    )
    assert [(proposal.entry, *proposal[1:]) for proposal in found.entries] == [
        (RepairWord("attributes", "__many"), 18, 3, 2, ("kernel", "arch/x86/kvm/b.c", 1)),
        (RepairWord("attributes", "__seldom"), 8, 1, 1, ("kernel", "arch/x86/kvm/a.c", 1)),
    ]
    assert (found.remaining, found.untried) == ([], 0)


def test_a_word_that_another_file_uses_as_a_name_is_not_proposed(tmp_path: Path) -> None:
    files = {"arch/x86/kvm/a.c": "int odd f(void)\n{\n}\n"}
    assert _words(_propose(tmp_path / "1", files)) == ["odd"]
    found = _propose(
        tmp_path / "2", {**files, "arch/x86/kvm/b.c": "int g(int a)\n{\n\tint odd = a;\n\treturn odd;\n}\n"}
    )
    assert _words(found) == []
    assert [(spot.path, spot.line, spot.token) for spot in found.remaining] == [("arch/x86/kvm/a.c", 1, "odd")]


def test_a_word_that_costs_another_file_a_function_is_not_proposed(tmp_path: Path) -> None:
    files = {"arch/x86/kvm/a.c": "int __odd(1) f(void)\n{\n}\n", "arch/x86/kvm/b.c": "struct s *__odd(int a)\n{\n}\n"}
    assert _words(_propose(tmp_path, files)) == []


def test_what_the_configuration_holds_is_kept_and_not_proposed(tmp_path: Path) -> None:
    files = {"arch/x86/kvm/a.c": "int __odd f(void)\n{\n}\nint __even g(void)\n{\n}\n"}
    found = _propose(tmp_path, files, Repairs(("__odd",), (r"walk_\w+",)))
    assert _words(found) == ["__even"]
    table = tomllib.loads("\n".join(lines(found, Repairs(("__odd",), (r"walk_\w+",)))))
    assert table == {"c": {"attributes": ["__odd", "__even"], "iterators": [r"walk_\w+"]}}


def test_the_table_works_as_it_is_printed(tmp_path: Path) -> None:
    files = {
        "arch/x86/kvm/a.c": "int __odd f(void)\n{\n}\nstruct s {\n\tint a __even(8);\n};\n",
        "arch/x86/kvm/b.c": "void f(int a)\n{\n\todd_walk(b, c) g(b);\n\tint d = 1;\n}\n",
    }
    found = _propose(tmp_path / "k", files)
    assert sorted(_words(found)) == ["__even()", "__odd", "odd_walk"]
    settings = tmp_path / "caplint.toml"
    settings.write_text("\n".join(lines(found, Repairs())), "utf-8")
    assert _propose(tmp_path / "k", files, load(settings).repairs) == Proposals([], [], 0)


def test_nothing_to_propose_is_said(tmp_path: Path) -> None:
    assert list(lines(Proposals([], [], 0), Repairs())) == ["# Nothing to propose: all C was understood."]
    found = _propose(tmp_path, {"arch/x86/kvm/a.c": "int f(void\n{\n}\n= =\n", "arch/x86/kvm/b.c": b"int a;\0"})
    first, counts, place = lines(found, Repairs())
    assert first == "# Nothing to propose: no word of [c] repairs the code that was not understood."
    assert counts.endswith("remain, such as")
    assert place.startswith("#   kernel:arch/x86/kvm/")


def test_files_beyond_the_limits_are_said_to_be_untried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"arch/x86/kvm/{name}.c": f"int __odd_{name} f(void)\n{{\n}}\n" for name in "abc"}
    monkeypatch.setattr(proposals, "MAX_FILES", 2)
    found = _propose(tmp_path / "1", files)
    assert (_words(found), found.untried, len(found.remaining)) == (["__odd_a", "__odd_b"], 1, 1)
    assert any(line.startswith("# 1 file was not tried") for line in lines(found, Repairs()))
    monkeypatch.setattr(proposals, "DEADLINE", 0.0)
    found = _propose(tmp_path / "2", files)
    assert (_words(found), found.untried, len(found.remaining)) == ([], 3, 3)


def _hang(content: bytes, words: RepairWords) -> list[RepairWord]:
    if b"__slow" in content:
        end = time.process_time() + 60
        while time.process_time() < end:
            pass
    return [RepairWord("attributes", "__odd")]


def test_a_file_that_hangs_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposals, "mending", _hang)
    monkeypatch.setattr(proposals, "FILE_TIMEOUT", 1.0)
    files = {"arch/x86/kvm/a.c": "int __odd f(void)\n{\n}\n", "arch/x86/kvm/b.c": "int __slow f(void)\n{\n}\n"}
    found = _propose(tmp_path, files)
    assert (_words(found), found.untried) == (["__odd"], 1)


def test_names_of_files_and_words_are_safe_to_print(tmp_path: Path) -> None:
    found = _propose(tmp_path, {"arch/x86/kvm/a\x1b\n.c": "int __odd f(void)\n{\n}\n"})
    text = "\n".join(lines(found, Repairs(('"\\\x7f',))))
    assert "\x1b" not in text
    assert tomllib.loads(text) == {"c": {"attributes": ['"\\\x7f', "__odd"]}}
