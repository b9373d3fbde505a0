"""Whatever is wrong with the input: one line on stderr, nothing on stdout, exit code 2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
from conftest import Caplint, kernel, lay, qemu

PAGE = """+++
code = "HSE001"
name = "house-rule"
severity = "error"
needs = []
since = "1.0"
+++
# A rule

```sql
SELECT 1
```
"""

Words = list[str | Path]
Case = tuple[Callable[[Path], Words], str]

LOOKED_FOR = "unknown project. Looked for Linux kernel: include/uapi/linux/kvm.h and virt/kvm; QEMU: "


def _check(root: Path, *words: str | Path) -> Words:
    return ["check", kernel(root / "k"), *words]


def _rule(page: str) -> Callable[[Path], Words]:
    return lambda root: _check(root, "--rules", lay(root / "rules", {"page.md": page}))


def _config(text: str) -> Callable[[Path], Words]:
    return lambda root: _check(root, "--config", lay(root, {"own.toml": text}) / "own.toml")


def _facts(query: str) -> Callable[[Path], Words]:
    return lambda root: ["facts", query, kernel(root / "k")]


CASES: dict[str, Case] = {
    "a missing directory": (lambda root: ["check", root / "gone"], "{root}/gone: no such directory"),
    "a missing kernel": (lambda root: ["check", "--kernel", root / "gone"], "{root}/gone: no such directory"),
    "a file for a tree": (lambda root: ["check", lay(root, {"f": ""}) / "f"], "{root}/f: not a directory"),
    "neither": (lambda root: ["check", lay(root / "x", {"f": ""})], "{root}/x: " + LOOKED_FOR),
    "another role": (
        lambda root: ["check", "--kernel", qemu(root / "q")],
        "{root}/q: is QEMU (vmm), but kernel is asked for; name it as vmm",
    ),
    "a tree option": (lambda root: _check(root, "--tree", "x"), "--tree x: write NAME=ROLE:PATH, such as "),
    "no tree": (lambda _: ["check"], "no tree given, and the working directory is in none; name "),
    "two of one name": (
        lambda root: _check(root, root / "k"),
        "two trees are named kernel; rename one with --tree NAME=kernel:{root}/k",
    ),
    "two kernels": (
        lambda root: ["check", "--kernel", kernel(root / "a"), "--kernel", root / "b"],
        "--kernel is given twice; name the other tree with --tree NAME=kernel:{root}/b (see caplint check --help)",
    ),
    "two QEMUs of a patch": (
        lambda root: ["patch", root / "p", "--qemu", root / "a", f"--qemu={root}/a"],
        "--qemu is given twice; name the other tree with --tree NAME=vmm:{root}/a",
    ),
    "two libvirts": (
        lambda root: ["diff", "a..b", "--libvirt", root / "a@v1", "--libvirt", root / "b@v2"],
        "--libvirt is given twice; name the other tree with --tree NAME=manager:{root}/b@v2",
    ),
    "no front matter": (_rule("# A rule\n"), "{root}/rules/page.md:1: front matter between two +++ lines is missing"),
    "broken front matter": (
        _rule("+++\ncode = \n+++\n"),
        "{root}/rules/page.md: front matter: not valid TOML: Invalid value",
    ),
    "an unknown front key": (
        _rule(PAGE.replace("since", "sinse")),
        "{root}/rules/page.md: front matter: unknown key 'sinse'; did you mean since?",
    ),
    "a code twice": (
        _rule(PAGE.replace("HSE001", "CAP101")),
        "{root}/rules/page.md: CAP101 is already defined by ",
    ),
    "the wrong columns": (_rule(PAGE), "{root}/rules/page.md: query: selects 1; it must select tree, path, line, "),
    "broken SQL": (_rule(PAGE.replace("SELECT 1", "SELECT FROM")), '{root}/rules/page.md: query: near "FROM": syntax'),
    "a query that writes": (_rule(PAGE.replace("SELECT 1", "DROP TABLE blob")), "{root}/rules/page.md: query: "),
    "missing rules": (
        lambda root: _check(root, "--rules", root / "gone"),
        "{root}/gone: no such directory; name a directory of rule pages",
    ),
    "an unknown key": (_config("jbos = 1"), "{root}/own.toml: unknown key jbos; did you mean jobs?"),
    "no TOML": (_config("="), "{root}/own.toml: not valid TOML: "),
    "no end of nesting": (_config("x = " + "[" * 100_000), "{root}/own.toml: not valid TOML: "),
    "no end of a number": (_config("jobs = " + "9" * 9_999), "{root}/own.toml: not valid TOML: "),
    "no end of front matter": (
        _rule("+++\ncode = " + "[" * 100_000 + "\n+++\n"),
        "{root}/rules/page.md: front matter: ",
    ),
    "a wrong type": (_config("jobs = '1'"), "{root}/own.toml: jobs must be a number"),
    "no reason": (
        _config("[[suppress]]\ncode = 'CAP101'\nsubject = 'X'"),
        "{root}/own.toml: a suppression needs a code, a subject or path, and a reason; reason is missing",
    ),
    "an unknown code to ignore": (_config("ignore = ['CAP999']"), "CAP999: unknown rule; "),
    "an unknown code to suppress": (
        _config("[[suppress]]\ncode = 'CAP1001'\nsubject = 'X'\nreason = 'y'"),
        "CAP1001: unknown rule; did you mean CAP101?",
    ),
    "no configuration": (lambda root: _check(root, "--config", root / "gone"), "{root}/gone: cannot be read: No such"),
    "an unknown code": (lambda root: _check(root, "--select", "CAP999"), "CAP999: unknown rule; "),
    "an unknown code to explain": (lambda _: ["explain", "CAP1011"], "CAP1011: unknown rule; did you mean CAP101?"),
    "a bad SELECT": (_facts("SELEC 1"), 'query: near "SELEC": syntax error; `caplint facts` without a query shows'),
    "an unknown table": (_facts("SELECT * FROM caps"), "query: no such table: caps; "),
    "what is no text": (_facts("SELECT CAST(x'ff' AS TEXT) AS tea"), "query: returns text that is not UTF-8"),
    "no SELECT": (_facts("DELETE FROM main.blob"), "query: not authorized; "),
    "a pragma": (_facts("PRAGMA user_version"), "query: not authorized; "),
    "two SELECTs": (_facts("SELECT 1; SELECT 2"), "query: You can only execute one statement at a time."),
    "an unknown format": (
        lambda root: _check(root, "--output-format", "jsno"),
        "'jsno' is unknown; did you mean json? (see caplint check --help)",
    ),
    "an unknown severity": (lambda root: _check(root, "--fail-on", "x"), "'x' is unknown; known are error, "),
    "an unknown command": (lambda _: ["chekc"], "'chekc' is unknown; did you mean check? (see caplint --help)"),
    "no command": (lambda _: [], "the following arguments are required: COMMAND (see caplint --help)"),
    "an unknown option": (
        lambda root: _check(root, "--colour"),
        "unrecognized arguments: --colour; did you mean --color? (see caplint check --help)",
    ),
    "an option like no other": (
        lambda root: _check(root, "--zzz"),
        "unrecognized arguments: --zzz (see caplint check ",
    ),
    "no processes": (lambda root: _check(root, "--jobs", "0"), "--jobs 0: must be at least 1"),
    "half a process": (lambda root: _check(root, "--jobs", "x"), "argument --jobs: invalid int value: 'x'"),
    "escapes in a path": (lambda _: ["check", "\x1b[31m\n"], "\\x1b[31m : no such directory"),
}


@pytest.mark.parametrize(("words", "message"), CASES.values(), ids=CASES)
def test_one_clear_line(caplint: Caplint, tmp_path: Path, words: Callable[[Path], Words], message: str) -> None:
    run = caplint(*words(tmp_path))
    assert (run.status, run.out) == (2, "")
    assert run.err.startswith(f"caplint: {message.format(root=tmp_path)}")
    assert run.err.count("\n") == 1
    assert run.err.endswith("\n")


def test_an_unreadable_file(caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = kernel(tmp_path / "k")

    def refusing(path: str, mode: str, **_: Any) -> IO[Any]:
        if path.endswith("x86.c"):
            raise PermissionError(13, "Permission denied", path)
        return Path(path).open(mode)

    monkeypatch.setattr("caplint.trees.directory.open", refusing, raising=False)
    run = caplint("check", tree)
    reason = "cannot read arch/x86/kvm/x86.c: Permission denied; make it readable or exclude the tree"
    assert (run.status, run.out, run.err) == (2, "", f"caplint: kernel: {reason}\n")


def test_a_tree_that_one_stands_in_is_checked(caplint: Caplint, apart: Path) -> None:
    assert caplint("check").err.endswith("[trees] in caplint.toml\n")
    kernel(apart)
    assert (caplint("check").status, caplint("check", ".").status) == (0, 0)
    assert caplint("check", "-q").out == caplint("check", ".", "-q").out
