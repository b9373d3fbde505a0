"""facts, coverage, rules, explain and config: what they print."""

from __future__ import annotations

import csv
import io
import json
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
from conftest import X86, Caplint, kernel, lay

from caplint import __version__
from caplint.facts.store.schema import file_name
from caplint.rules.page import load
from caplint.util import shipped_files

QUERY = "SELECT cap, line, NULL AS missing FROM cap_check ORDER BY line DESC LIMIT 2"


def test_facts(caplint: Caplint, tmp_path: Path) -> None:
    words = ("facts", QUERY, kernel(tmp_path / "k"))
    run = caplint(*words)
    assert (run.status, run.err) == (0, "")
    assert run.out == "cap               line  missing\nKVM_CAP_NR_VCPUS  10\nKVM_CAP_HLT       7\n"
    assert json.loads(caplint(*words, "--output-format", "json").out) == [
        {"cap": "KVM_CAP_NR_VCPUS", "line": 10, "missing": None},
        {"cap": "KVM_CAP_HLT", "line": 7, "missing": None},
    ]
    assert list(csv.reader(io.StringIO(caplint(*words, "--output-format", "csv").out))) == [
        ["cap", "line", "missing"],
        ["KVM_CAP_NR_VCPUS", "10", ""],
        ["KVM_CAP_HLT", "7", ""],
    ]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELECT 1 AS a WHERE 0", "a\n"),
        ("SELECT char(27) || '[31m' AS a", "a\n\\x1b[31m\n"),
        ("SELECT x'00ff' AS a", "a\nb'\\x00\\xff'\n"),
        ("SELECT name, role, project FROM tree;", "name    role    project\nkernel  kernel  linux\n"),
        ("SELECT implies('A && B', 'A') AS yes, satisfiable('A && !A') AS no", "yes  no\n1    0\n"),
    ],
)
def test_facts_of_every_kind(caplint: Caplint, tmp_path: Path, query: str, text: str) -> None:
    assert caplint("facts", query, kernel(tmp_path / "k")).out == text


def test_a_blob_as_json(caplint: Caplint, tmp_path: Path) -> None:
    run = caplint("facts", "SELECT x'00ff' AS a", kernel(tmp_path / "k"), "--output-format", "json")
    assert json.loads(run.out) == [{"a": "b'\\x00\\xff'"}]


@pytest.mark.parametrize("table", ["macro", "call", "blob"])
def test_facts_are_those_of_the_named_trees(caplint: Caplint, tmp_path: Path, table: str) -> None:
    """The store also holds the facts of trees that were read before."""
    made, other = (
        kernel(tmp_path / "k"),
        kernel(tmp_path / "l", {"virt/kvm/other.c": "#define KVM_OTHER 1\nint f(void) { return KVM_CAP_HLT + g(); }"}),
    )
    query = f"SELECT count(*) FROM {table}"
    before = caplint("facts", query, made).out
    assert caplint("facts", query, other).out != before
    assert caplint("facts", query, made).out == before


def test_facts_without_a_question_shows_the_vocabulary(caplint: Caplint) -> None:
    run = caplint("facts")
    assert run.status == 0
    for name in ("CREATE TABLE blob", "CREATE TEMP VIEW cap AS", "CREATE TEMP VIEW cap_check AS", "-- A `#define`."):
        assert name in run.out


def test_coverage(caplint: Caplint, tmp_path: Path) -> None:
    tree = kernel(tmp_path / "k", {"arch/x86/kvm/x.c": b"int x;\0"})
    run = caplint("coverage", tree)
    assert (run.status, run.err) == (0, "")
    assert run.out.splitlines() == [
        "5 files, 404 bytes, 1 function read",
        "7 bytes in 1 file not understood",
        "9 capability, ioctl and MSR names, all accounted for",
        "98.2673 % of the bytes understood",
        "",
        "tree         kind of file       files       bytes  functions  damaged  blind spots  blind bytes",
        "kernel       UAPI header            1          75          0        0            0            0",
        "             C source               3         245          1        0            1            7",
        "             documentation          1          84          0        0            0            0",
        "             all                    5         404          1        0            1            7",
        "",
        "names         tokens  explained  unaccounted  what they are",
        "capability         9          9            0  3 case, 3 definition, 3 documentation",
        "ioctl              0          0            0",
        "MSR                0          0            0",
        "",
        "   bytes   spots   files  worst causes, each with an example",
        "       7       1       1  contains NUL bytes",
        "                          kernel:arch/x86/kvm/x.c:1",
        "",
        "   bytes  not understood",
        "       7  kernel:arch/x86/kvm/x.c:1: contains NUL bytes",
    ]
    found = json.loads(caplint("coverage", tree, "--output-format", "json").out)
    assert list(found) == [
        "version", "percent", "trees", "file_kinds", "kinds", "families", "pasted", "unexpanded", "unknown_layouts",
        "unnumbered", "causes", "blind", "unaccounted", "crates",
    ]  # fmt: skip
    assert found["kinds"] == {"case": 3, "definition": 3, "documentation": 3}
    assert found["blind"] == [
        {
            "tree": "kernel",
            "path": "arch/x86/kvm/x.c",
            "line": 1,
            "bytes": 7,
            "reason": "contains NUL bytes",
            "token": None,
        }
    ]
    assert found["unaccounted"] == []


def test_coverage_proposes_words(caplint: Caplint, tmp_path: Path, apart: Path) -> None:
    tree = kernel(tmp_path / "k", {"arch/x86/kvm/x.c": "int __odd f(void)\n{\n}\n"})
    (apart / "caplint.toml").write_text("[coverage]\nfloor = 99.9\n")
    assert "caplint coverage --propose searches for" in caplint("coverage", tree).out
    run = caplint("coverage", "--propose", tree)
    assert (run.status, run.err) == (3, "")
    assert run.out.splitlines() == [
        "# The comments say how much each new word repairs; replace [c] of caplint.toml by this table.",
        "[c]",
        "attributes = [",
        "    # 5 bytes, 1 spot, 1 file, such as kernel:arch/x86/kvm/x.c:1",
        '    "__odd",',
        "]",
    ]
    found = json.loads(caplint("coverage", "--propose", tree, "--output-format", "json").out)
    schema = json.loads(resources.files("caplint").joinpath("schemas/coverage.json").read_text("utf-8"))
    jsonschema.validate(found, schema)
    assert [(entry["list"], entry["word"]) for entry in found["proposals"]["entries"]] == [("attributes", "__odd")]
    (apart / "caplint.toml").write_text(run.out)
    run = caplint("coverage", "--propose", tree)
    assert (run.status, run.out) == (0, "# Nothing to propose: all C was understood.\n")


def test_rules_are_tested_by_their_examples(caplint: Caplint) -> None:
    run = caplint("rules", "--test", "--select", "CAP101")
    (rule,) = [rule for rule in load([shipped_files.RULES]) if rule.code == "CAP101"]
    examples = len(rule.bad) + len(rule.good)
    assert run.out == f"{examples} examples of 1 rule, each rule on the bare mini-trees: all passed\n"
    assert caplint("rules", "--test", "--select", "CAP101,CAP102").out.count(" of 2 rules, ") == 1


def test_rules(caplint: Caplint, apart: Path) -> None:
    pages = load([shipped_files.RULES])
    listed, _, end = caplint("rules").out.partition("\n\n")
    lines = [line for line in listed.splitlines() if line.startswith("  ")]
    assert [line.split()[:3] for line in lines] == [[page.code, page.severity, page.name] for page in pages]
    assert all(line.endswith(page.title) for line, page in zip(lines, pages, strict=True))
    assert [line for line in listed.splitlines() if line not in lines] == [
        "numbers, constants and layouts of headers", "the kernel's handlers", "model-specific registers", "the VMM",
        "documentation and self-tests", "patches and series",
    ]  # fmt: skip
    assert end.splitlines()[0] == f"{len(pages)} rules; `caplint explain CODE` shows the page of a rule"
    found = json.loads(caplint("rules", "--output-format", "json", "--select", "CAP101").out)
    assert found == [
        {
            "code": "CAP101",
            "name": "number-mismatch",
            "severity": "error",
            "in_patch": None,
            "needs": ["kernel"],
            "since": "0.1.0",
            "fix": None,
            "title": "A capability has different numbers in two headers",
            "history": pages[0].history,
            "subject": "numbers, constants and layouts of headers",
        }
    ]
    (apart / "caplint.toml").write_text('ignore = ["CAP101"]')
    assert caplint("rules", "--select", "CAP101").out.splitlines()[1].endswith("in two headers (ignored)")


def test_rules_say_which_public_faults_they_would_have_caught(caplint: Caplint, tmp_path: Path) -> None:
    shipped = (shipped_files.RULES / "CAP103-stale-header.md").read_text("utf-8").replace("CAP103", "HSE001")
    history = "\n## History\n\n- 2020-01, a list: it was\n  wrong.\n- 2021-02, a tracker: again.\n\nSome text.\n"
    lay(tmp_path / "pages", {"HSE001-page.md": shipped.replace("stale-header", "ours") + history})
    words = ("rules", "--rules", str(tmp_path / "pages"), "--select", "HSE001")
    plain = caplint(*words).out.splitlines()
    assert (plain[0], plain[-1]) == ("further rules", "`--history` shows 2 public faults that they would have caught")
    assert caplint(*words, "--history").out.splitlines()[2:4] == [
        "      - 2020-01, a list: it was wrong.", "      - 2021-02, a tracker: again.",
    ]  # fmt: skip


@pytest.mark.parametrize("code", ["CAP101", "cap101", "number-mismatch"])
def test_explain(caplint: Caplint, code: str) -> None:
    head, empty, *page = caplint("explain", code).out.splitlines()
    assert head == "CAP101 number-mismatch · error · since 0.1.0 · needs kernel"
    assert (empty, page[0]) == ("", "# A capability has different numbers in two headers")
    assert "```sql" not in page
    assert "```sql" in caplint("explain", code, "--query").out.splitlines()


@pytest.mark.parametrize("name", ["KVM_CAP_HLT", "kvm_cap_hlt"])
def test_explain_a_capability(caplint: Caplint, tmp_path: Path, name: str) -> None:
    run = caplint("explain", name, kernel(tmp_path / "k"))
    assert (run.status, run.err) == (0, "")
    first, number, place, *rest = run.out.splitlines()
    assert (first, number.split()) == ("KVM_CAP_HLT", ["number", "1"])
    assert place.split() == ["kernel:include/uapi/linux/kvm.h:2"]
    assert "  used        unknown: no VMM is in view" in rest


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("KVM_CAP_HTL",), "KVM_CAP_HTL: no header in view defines it; did you mean KVM_CAP_HLT?"),
        (("KVM_CAP_" + "Q" * 300,), "Q: no header in view defines it; `caplint inventory` lists all capabilities"),
        (("--query", "KVM_CAP_HLT"), "--query shows the query of a rule, but KVM_CAP_HLT is a capability"),
        (("CAP101",), "a rule needs no trees; only KVM_CAP_X is looked up in them"),
    ],
)
def test_what_cannot_be_explained(caplint: Caplint, tmp_path: Path, words: tuple[str, ...], error: str) -> None:
    run = caplint("explain", *words, kernel(tmp_path / "k"))
    assert (run.status, run.out) == (2, "")
    assert run.err.endswith(f"{error}\n")
    assert run.err.count("\n") == 1


def test_config(caplint: Caplint, apart: Path, tmp_path: Path) -> None:
    store = tmp_path / "cache" / file_name()
    first, *lines = caplint("config", "--jobs", "3").out.splitlines()
    assert first == "# no caplint.toml found here or above; these are the defaults"
    assert lines[:10] == [
        'fail-on = "warning"', "select = []", "extend-select = []", "ignore = []", "rules = []", "known = []",
        "vendor-range = []", "abis = []", 'oldest-kernel = ""', "jobs = 3",
    ]  # fmt: skip
    assert lines[-1] == f"# store: {store}"
    (apart / "caplint.toml").write_text('vendor-range = "500-599"')
    assert caplint("config").out.splitlines()[0] == f"# from {apart / 'caplint.toml'}"
    found = json.loads(caplint("config", "--output-format", "json").out)
    assert (found["source"], found["vendor_range"]) == (str(apart / "caplint.toml"), [[500, 599]])
    assert found["store"] == str(store)


def test_no_store(caplint: Caplint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CAPLINT_CACHE", "none")
    assert caplint("config").out.splitlines()[-1] == "# store: none"
    assert caplint("check", kernel(tmp_path / "k")).status == 0
    assert not (tmp_path / "work/none").exists()


@pytest.mark.parametrize(
    "words", [("--help",), ("check", "--help"), ("facts", "--help"), ("explain", "--help"), ("--version",)]
)
def test_help(caplint: Caplint, words: tuple[str, ...]) -> None:
    run = caplint(*words)
    assert (run.status, run.err) == (0, "")
    assert run.out.startswith("usage: caplint" if "--help" in words else f"caplint {__version__}\n")


def test_the_same_options_everywhere(caplint: Caplint, tmp_path: Path) -> None:
    tree = kernel(tmp_path / "k", {X86: ""})
    for words in (("check",), ("coverage",), ("facts", "SELECT 1")):
        for option in ((tree,), ("--kernel", tree), ("--tree", f"mine=kernel:{tree}")):
            assert caplint(*words, *option, "--jobs", "1").status in {0, 1}
