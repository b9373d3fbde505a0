"""Definitions by name: all of a side of a tree, in the order of their files."""

from __future__ import annotations

from pathlib import Path

from conftest import X86, bare_kernel

from caplint.check import open_session
from caplint.config import Config
from caplint.link.functions_by_name import functions_named, macros_named


def test_functions_and_macros(tmp_path: Path) -> None:
    text = "#define TWICE(x) ((x) * 2)\n#define TWICE_AGAIN TWICE\nint f(int a, long b)\n{\n\treturn KVM_CAP_A;\n}\n"
    files = {X86: text, "virt/kvm/other.c": "static int f(void)\n{\n\treturn KVM_CAP_A;\n}\n"}
    tree = bare_kernel(tmp_path, files)
    session = open_session([tree], Config(cache="none", jobs=1))
    try:
        where = (session.connection, "now", "kernel")
        functions = functions_named(*where, "f")
        assert [(found.path, found.architecture, found.parameters) for found in functions] == [
            (X86, "x86", ["a", "b"]),
            ("virt/kvm/other.c", "generic", []),
        ]
        assert [(found.path, found.line, found.parameters, found.body) for found in macros_named(*where, "TWICE")] == [
            (X86, 1, ("x",), "((x) * 2)")
        ]
        assert macros_named(*where, "TWICE_AGAIN") == []
        assert functions_named(*where, "g") == []
    finally:
        session.store.close()
