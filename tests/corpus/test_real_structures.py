"""Members, lists and accesses of real trees, held against a compiler's account, a syntax tree and each other."""

from __future__ import annotations

import json
import re
import sqlite3
import tarfile
from collections import defaultdict
from typing import Any

import pytest
import real_trees
import tree_sitter
from real_trees import ACCOUNT, KERNELS, Corpus, bare, root, source, stated

from caplint.c.member_chains import chains
from caplint.c.syntax import Unit, language, parse
from caplint.c.tables import tables

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

HOST = "arch/x86/include/asm/kvm_host.h"


def _account(name: str) -> Any:
    if not ACCOUNT.is_file():
        pytest.skip("no compiler's account of these sources beside this checkout")
    stated("linux-6.12")
    with tarfile.open(ACCOUNT) as archive:
        member = archive.extractfile(name)
        assert member
        return json.load(member)


def _members(connection: sqlite3.Connection, pattern: str) -> dict[str, dict[str, str]]:
    """Owner → name → type of the members that the matching files define."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for owner, name, kind, array in connection.execute(
        "SELECT m.owner, m.name, m.type, m.array FROM main.member m JOIN file f ON f.blob = m.blob WHERE f.path GLOB ?",
        (pattern,),
    ):
        found[owner][name] = f"{kind}{array}"
    return found


def test_every_member_that_a_compiler_lays_out_is_a_row(corpus: Corpus) -> None:
    account = _account("structs.linux-6.12.107.json")
    seen = 0
    with corpus.session("linux-6.12") as session:
        for arch, structs in account.items():
            ours = {
                "linux": _members(session.connection, "include/uapi/linux/*"),
                "asm": _members(session.connection, f"arch/{arch}/include/uapi/asm/*"),
            }
            for name, struct in structs.items():
                rows = ours[struct["file"].partition("/")[0]][name]
                # An unnamed bit-field, and an empty struct that a macro puts before a flexible array, are no rows.
                fields = {
                    field: kind for field, _, _, kind, *_ in struct["fields"] if field and "__empty_" not in field
                }
                assert set(fields) - set(rows) == set(), (arch, name)
                plain = {field: kind for field, kind in fields.items() if re.fullmatch(r"__[us](?:8|16|32|64)", kind)}
                assert {field: rows[field] for field in plain} == plain, (arch, name)
                seen += len(fields)
    assert seen > 1000


def test_lists_hold_what_a_compiler_puts_into_them(corpus: Corpus) -> None:
    lists = {
        name: entry for name, entry in _account("msr_arrays.json")["linux-6.12.107"].items() if not name.startswith("_")
    }
    assert {"msrs_to_save_base", "emulated_msrs_all", "msr_based_features_all_except_vmx"} <= set(lists)
    with corpus.session("linux-6.12") as session:
        for name, entry in lists.items():
            rows = session.connection.execute(
                "SELECT e.value, e.line FROM main.element e JOIN file f ON f.blob = e.blob"
                " WHERE f.path = ? AND e.variable = ? ORDER BY e.position",
                (entry["file"], name),
            ).fetchall()
            assert rows == [(text, line) for _, _, text, line in entry["values"]], name


@pytest.mark.parametrize("kernel", KERNELS)
def test_enumerators_are_what_a_search_finds(corpus: Corpus, kernel: str) -> None:
    path = "arch/x86/kvm/kvm_emulate.h"
    match = re.search(r"enum x86_intercept \{([^}]*)\}", bare(source(kernel, path)))
    assert match
    searched = [entry.partition("=")[0].strip() for entry in match.group(1).split(",") if entry.strip()]
    with corpus.session(kernel) as session:
        rows = session.connection.execute(
            "SELECT e.name FROM main.enumerator e JOIN file f ON f.blob = e.blob"
            " WHERE f.path = ? AND e.owner = 'x86_intercept' ORDER BY e.position",
            (path,),
        ).fetchall()
    assert [name for (name,) in rows] == searched
    assert len(searched) > 40


@pytest.mark.parametrize("kernel", KERNELS)
def test_what_is_accessed_is_a_member(corpus: Corpus, kernel: str) -> None:
    """Two extractors that know nothing of each other agree on what `struct kvm_vcpu_arch` holds."""
    with corpus.session(kernel) as session:
        members = _members(session.connection, HOST)["kvm_vcpu_arch"]
        rows = session.connection.execute(
            "SELECT a.chain FROM main.access a JOIN file f ON f.blob = a.blob WHERE f.path GLOB 'arch/x86/kvm/*'"
        ).fetchall()
    accessed = [match[1] for (chain,) in rows if (match := re.search(r"\bvcpu->arch\.(\w+)", chain))]
    assert set(accessed) - set(members) == set()
    assert len(accessed) > 1400
    assert len(set(accessed)) > 100


def _in_tree(unit: Unit) -> set[tuple[int, int]]:
    """Extents of the maximal chains of a file's syntax trees."""
    query = tree_sitter.Query(language(), "(field_expression) @field")
    found = set()
    for view in unit.views:
        for node in tree_sitter.QueryCursor(query).captures(view.root).get("field", []):
            top, parent = node, node.parent
            while parent is not None and parent.type in {"field_expression", "subscript_expression"}:
                if parent.child_by_field_name("argument") != top:
                    break
                top, parent = parent, parent.parent
            found.add((top.start_byte, top.end_byte))
    return found


@pytest.mark.parametrize("kernel", KERNELS)
def test_chains_of_the_text_are_those_of_the_tree(kernel: str) -> None:
    """What is in no tree stands in asm, or in an argument of typeof()."""
    extra = missing = total = 0
    for path in sorted((root(kernel) / "arch/x86/kvm").rglob("*.c")):
        unit = parse(path.read_bytes(), tables())
        of_text = {
            (start, end) for view in unit.views for start, end, _ in chains(view.text, unit.lexed.strings.extents)
        }
        of_tree = _in_tree(unit)
        total += len(of_tree)
        missing += len(of_tree - of_text)
        uses = [use for view in unit.views for use in view.repaired.uses]
        outside = [start for start, _ in of_text - of_tree if not any(use.start <= start < use.end for use in uses)]
        extra += len(outside)
    assert total > 10_000
    assert missing == 0
    assert extra < 10
