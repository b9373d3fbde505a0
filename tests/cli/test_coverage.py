"""Ledger of the code that was read, with what was not understood, and words that would repair it."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import jsonschema
from conftest import Caplint, kernel


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
