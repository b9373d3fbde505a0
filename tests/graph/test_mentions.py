"""Where a function is mentioned in a form that the call graph does not follow, and which one is a constructor."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import Files
from growth import assert_proportionate
from programs import only, whole_program

from caplint.graph.mentions import is_constructor, mention

F = "int fn(int a)\n{\n    return a;\n}\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"a.c": F}, "", id="defined"),
        pytest.param({"a.c": F, "a.h": "int fn(int a);\nextern int\n*fn (int);\n"}, "", id="declared"),
        pytest.param({"a.c": "int g(void)\n{\n    return table[fn];\n}\n" + F}, "a.c:3", id="used as a value"),
        pytest.param({"a.c": F, "b.c": "\n\nADD(fn)\n"}, "b.c:3", id="in an invocation"),
        pytest.param({"a.c": F, "b.c": "int fn2, xfn;\n"}, "", id="a part of another word"),
        pytest.param({"a.c": F, "b.c": "/* fn */ // fn\nchar *s = \"fn\";\n"}, "", id="comment and string"),
        pytest.param({"a.c": F, "b.h": "#define GO fn + 1\n"}, "b.h:1", id="in a macro"),
        pytest.param({"a.c": F, "b.h": "#define GO(x) \\\n    fn + 1\n"}, "b.h:2", id="in a long macro"),
        pytest.param(
            {"a.c": F, "b.h": "#ifndef fn\n#define fn(a) 1\n#endif\n#ifdef fn\n#undef fn\n#endif\n"}, "", id="asked for"
        ),
        pytest.param({"a.c": F, "b.h": "#if fn\n#endif\n"}, "b.h:1", id="in a condition"),
        pytest.param({"a.c": F, "b.h": "#if A\n#endif\n/* fn */\n"}, "", id="behind a condition"),
        pytest.param({"a.c": "__attribute__((used))\n" + F}, "a.c:2", id="an attribute that keeps it"),
        pytest.param({"a.c": "static __init " + F}, "a.c:1", id="initial code"),
        pytest.param({"a.c": "static int __initdata x;\n" + F}, "", id="an attribute of something else"),
        pytest.param({"a.c": F.replace("fn", "kvm_fn"), "b.h": "#define G(x) kvm_##x()\n"}, "b.h:1", id="pasted head"),
        pytest.param({"a.c": F.replace("fn", "my_end"), "b.h": "#define G(x) x##_end()\n"}, "b.h:1", id="pasted, tail"),
        pytest.param({"a.c": F.replace("fn", "kv_fn"), "b.h": "#define GO(x) kv##x()\n"}, "", id="too short a piece"),
    ],
)  # fmt: skip
def test_a_mention(tmp_path: Path, files: Files, expected: str) -> None:
    program = whole_program(tmp_path, files)
    name = next(name for name in ("fn", "kvm_fn", "my_end", "kv_fn") if name in program.definitions)
    assert mention(program, program.definitions[name][0].function) == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("__attribute__((constructor)) int fn(int a)", True),
        ("static void __attribute__((__constructor__(101))) fn(void)", True),
        ("static void fn(void) __attribute__((constructor));\nvoid fn(void)", True),
        ("int fn(int constructor_kind)", False),
        ("/* constructor */ int fn(void)", False),
        ("__attribute__((destructor)) int fn(void)", False),
        ("__attribute__((constructor)) int other(void)\n{\n}\nint fn(void)", False),
        ("__attribute__((constructor)) int xfn(void);\nint fn(void)", False),
    ],
)
def test_constructors(tmp_path: Path, head: str, expected: bool) -> None:
    program = whole_program(tmp_path, {"a.c": head + "\n{\n}\n"})
    assert is_constructor(program, only(program, "fn")) is expected


@pytest.mark.parametrize(
    "text",
    ["int fn(int a);\n", "/* fn */\n", "#ifdef fn\n#endif\n", "void fn(int a)\n", "int word\n", "fn(a)\n{\n}\n"],
    ids=["declarations", "comments", "directives", "heads without an end", "words", "namesakes"],
)
def test_a_file_of_nothing_else(tmp_path: Path, text: str) -> None:
    root = tmp_path / "q"
    program = whole_program(root, {"a.c": F, "b.c": ""})
    function = only(program, "fn")

    def seconds(count: int) -> float:
        (root / "b.c").write_text(text * count)
        begun = time.process_time()
        mention(program, function)
        return time.process_time() - begun

    assert_proportionate(seconds, 200, 800, 0.01)
