"""Rows of rules' queries that are no findings: an error of the page, in one line."""
# ruff: noqa: E501 - tables of attacks

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conftest import Caplint, kernel

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
