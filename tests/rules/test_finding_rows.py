"""Rows of rules' queries that are no findings: an error of the page, in one line."""
# ruff: noqa: E501 - tables of attacks

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from conftest import Caplint, kernel

from caplint.findings.finding import Finding
from caplint.rules.finding_rows import finding_of
from caplint.rules.page import Rule

GOOD = {
    "tree": "'kernel'", "path": "'arch/x86/kvm/x86.c'", "line": "1", "column": "1", "subject": "'KVM_CAP_HLT'",
    "arch": "NULL", "function": "NULL", "severity": "NULL", "message": "'m'", "related": "NULL",
}  # fmt: skip


def page(directory: Path, **columns: str) -> Path:
    """A directory with one page, whose query gives one row with these columns."""
    chosen = ", ".join(f"{value} AS {name}" for name, value in (GOOD | columns).items())
    front = 'code = "ZZZ901"\nname = "tea"\nseverity = "warning"\nneeds = ["kernel"]\nsince = "0.1.0"\n'
    directory.mkdir(exist_ok=True)
    (directory / "a.md").write_text(f"+++\n{front}+++\n# T\n\nF.\n\n```sql\nSELECT {chosen}\n```\n")
    return directory


def nested(depth: int) -> str:
    return "replace(hex(zeroblob(%d)), '00', '[')" % depth  # noqa: UP031


BAD = [
    ("line", "1e999"), ("line", "-1e999"), ("line", "0"), ("line", "-1"), ("line", "1e300"), ("line", "'x'"), ("line", "x'00'"),
    ("line", "NULL"), ("line", "9223372036854775807"), ("line", "replace(hex(zeroblob(5000)), '0', '9')"),
    ("column", "1e999"), ("column", "'nan'"), ("column", "1e300"), ("column", "-5"), ("column", "x'00'"),
    ("message", "NULL"), ("message", "''"), ("message", "' '"), ("message", "x'00'"),
    ("message", "'a' || char(0)"),
    ("subject", "NULL"), ("subject", "''"), ("subject", "x'00'"), ("tree", "NULL"), ("tree", "''"), ("tree", "'qemu'"), ("tree", "x'00'"),
    ("path", "NULL"), ("path", "''"), ("path", "x'00'"), ("path", "'../../../../../proc/self/environ'"), ("path", "'/etc/passwd'"),
    ("path", "'arch'"), ("path", "'.'"), ("path", "'./arch/x86/kvm/x86.c'"), ("path", "'arch/../arch/x86/kvm/x86.c'"),
    ("path", "'arch/x86/kvm/fifo.c'"), ("path", "'arch/x86/kvm/link.c'"), ("path", "'no/such.c'"), ("path", "'arch/x86/kvm/x86.c' || char(0)"),
    ("severity", "'fatal'"), ("severity", "''"), ("severity", "1"), ("severity", "x'00'"), ("arch", "x'00'"), ("arch", "''"),
    ("function", "x'00'"), ("related", nested(10_000)), ("related", "'{'"), ("related", "'{}'"), ("related", "'7'"), ("related", "7"),
    ("severity", "'note/fatal'"), ("severity", "'/note'"), ("severity", "'note/'"), ("severity", "'note/note/note'"),
    ("related", "x'5b5d'"), ("related", "'[[]]'"), ("related", "'[{}]'"), ("related", "hex(zeroblob(4999999))"),
    ("related", "json_array(json_object('tree', 'kernel', 'path', '../x', 'line', 1, 'message', 'm'))"),
    ("related", "json_array(json_object('tree', 'kernel', 'path', 'arch/x86/kvm/x86.c', 'line', 1e999, 'message', 'm'))"),
    ("related", "json_array(json_object('tree', 'kernel', 'path', 'arch/x86/kvm/x86.c', 'line', 1, 'message', NULL))"),
    ("related", "'[{\"tree\": \"kernel\", \"path\": \"arch/x86/kvm/x86.c\", \"message\": \"m\", \"line\": ' || replace(hex(zeroblob(9000)), '0', '9') || '}]'"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value"), BAD)
def test_a_page_is_at_fault(caplint: Caplint, tmp_path: Path, column: str, value: str) -> None:
    tree = kernel(tmp_path / "k")
    os.mkfifo(tree / "arch/x86/kvm/fifo.c")
    (tree / "arch/x86/kvm/link.c").symlink_to("/etc/passwd")
    rules = page(tmp_path / "r", **{column: value})
    run = caplint("check", "--kernel", tree, "--rules", rules)
    assert (run.status, run.out) == (2, "")
    assert len(run.err.splitlines()) == 1
    assert len(run.err) < 1000
    assert run.err.startswith(f"caplint: {rules / 'a.md'}: query: ")
    assert "internal" not in run.err


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("line", "2147483647"), ("line", "1.0"), ("column", "NULL"), ("severity", "'note'"), ("arch", "'x86'"), ("related", "'[]'"),
        ("related", "'[null]'"), ("related", "''"), ("subject", "7"), ("message", "'a' || char(10) || char(27) || '[31m'"),
        ("path", "'virt/kvm/kvm_main.c'"),
    ],
)  # fmt: skip
def test_a_page_may_say(caplint: Caplint, tmp_path: Path, column: str, value: str) -> None:
    words = (
        "--kernel",
        kernel(tmp_path / "k"),
        "--rules",
        page(tmp_path / "r", **{column: value}),
        "--select",
        "ZZZ901",
    )
    run = caplint("check", *words, "--output-format", "json")
    assert len(json.loads(run.out)["findings"]) == 1
    text = caplint("check", *words).out
    assert "\x1b" not in text


@pytest.mark.parametrize("kind", ["fifo", "directory", "large", "device"])
def test_a_page_that_is_no_file(caplint: Caplint, tmp_path: Path, kind: str) -> None:
    rules = tmp_path / "r"
    rules.mkdir()
    place = rules / "a.md"
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "directory":
        place.mkdir()
    elif kind == "device":
        place.symlink_to("/dev/zero")
    else:
        place.write_bytes(b"a" * 2_000_000)
    run = caplint("rules", "--rules", rules)
    assert run.status == 2
    assert run.err.startswith(f"caplint: {place}: ")


@pytest.mark.parametrize("path", ["../x.c", "/x.c", "a/../x.c", ".git/config", "a/.GIT/hooks/x", "a//b.c", "a/", "./a"])
def test_an_example_stays_in_its_tree(caplint: Caplint, tmp_path: Path, path: str) -> None:
    rules = page(tmp_path / "r")
    file = rules / "a.md"
    file.write_text(f"{file.read_text()}\n## Bad\n\n```c kernel:{path}\nint a; /* !ZZZ901 */\n```\n")
    run = caplint("rules", "--test", "--rules", rules)
    assert run.status == 2
    assert "is not TREE:PATH" in run.err


def test_an_example_runs_nothing(caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch whose files make a repository with a filter of its own."""
    canary = tmp_path / "canary"
    new = {"HEAD": "ref: refs/heads/m", "objects/x": "x", "refs/x": "x", "info/attributes": "* filter=t"}
    parts = [f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{line}\n" for path, line in new.items()]
    parts.append(f'--- /dev/null\n+++ b/config\n@@ -0,0 +1,2 @@\n+[filter "t"]\n+\tclean = "id >{canary}; cat"\n')
    parts += [f"--- a/{path}\n+++ b/{path}\n@@ -1 +1,2 @@\n {line}\n+\n" for path, line in new.items()]
    rules = page(tmp_path / "r")
    file = rules / "a.md"
    file.write_text(f"{file.read_text()}\n## Bad\n\n```diff kernel\n{''.join(parts)}```\n")
    caplint("rules", "--test", "--rules", rules)
    assert not canary.exists()


def _found(**columns: object) -> Finding:
    """Return the finding of a row of a page that says these columns."""
    row = {
        "tree": "k", "path": "a.c", "line": 1, "column": 1, "subject": "s", "arch": None, "function": None,
        "severity": None, "message": "m", "related": None,
    }  # fmt: skip
    rule = cast(Rule, SimpleNamespace(code="ZZZ901", name="z", severity="note", in_patch=None))
    return finding_of(rule, tuple((row | columns).values()))


def test_long_texts_are_cut_and_stay_different() -> None:
    one, other = ("a" * 20_000 + end for end in "bc")
    for column in ("subject", "arch", "function", "message"):
        texts = [getattr(_found(**{column: text}), column) for text in (one, other)]
        assert texts[0] != texts[1]
        assert all(len(text) < 10_000 and "(20,001 characters, " in text for text in texts)


def test_a_message_is_one_line() -> None:
    assert _found(message=" a\n b\t\r\nc ").message == "a b c"


def test_related_places_are_bounded() -> None:
    places = [{"tree": "k", "path": "a.c", "line": line, "message": "m"} for line in range(1, 10_012)]
    related = _found(related=json.dumps(places)).related
    assert len(related) == 10_000
    assert related[-1].message == "and 12 places more, of which this is the first"
    assert related[-1].place.line == 10_000
    with pytest.raises(ValueError, match="related is not JSON, or is too long"):
        _found(related="[" + " " * 10_000_000 + "]")


def test_a_number_without_end_is_none() -> None:
    for line in ("9" * 5_000, "9" * 21, "0" * 21 + "1"):
        with pytest.raises(ValueError, match="line must be a number from 1 to 2,147,483,647"):
            _found(line=line)


def test_a_row_has_the_columns_of_a_finding() -> None:
    rule = cast(Rule, SimpleNamespace(code="ZZZ901", name="z", severity="note", in_patch=None))
    for count in (0, 9, 12):
        with pytest.raises(ValueError, match=f"expected 10 or 11 columns, not {count}"):
            finding_of(rule, ("x",) * count)
