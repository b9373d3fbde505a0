"""Functions and macros that a caller may mean by a name, by its architecture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.functions.callees import FunctionMacro, Helpers

ARM, GENERIC = "arch/arm64/kvm/arm.c", "virt/kvm/kvm_main.c"
TEXT = """\
#define WRAP(a, b) f(a) + b
#define OBJECT 3
struct s { int tea; u64 cup:3; struct { int tea; } in; };
static int f(int a) { return g(a); }
int own(void) { return 1; }
"""
FILES = {
    ARM: "#define WRAP(x) f(x)\nint f(int b) { return 2; }\nint of_arm(void) { return 0; }\n",
    GENERIC: "#define SHARED(y) (y)\nint g(int c) { return 3; }\nint own(void) { return 2; }\n",
    **{f"arch/x86/kvm/many{n}.c": "#define MANY(z) z\nint many(void) { return 1; }\n" for n in range(65)},
}


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT, FILES) as found:
        yield found


@pytest.mark.parametrize(
    ("name", "arch", "architectures"),
    [
        ("f", "x86", ["x86"]), ("f", "arm64", ["arm64"]), ("f", "generic", ["arm64", "x86"]), ("f", "s390", []),
        ("g", "x86", ["generic"]), ("g", "arm64", ["generic"]), ("own", "x86", ["generic", "x86"]),
        ("of_arm", "x86", []), ("missing", "x86", []), ("WRAP", "x86", []),
    ],
)  # fmt: skip
def test_functions(code: LinkedCode, name: str, arch: str, architectures: list[str]) -> None:
    found = code.helpers.functions(name, arch)
    assert sorted(body.handler.arch for body in found) == architectures
    assert all(body.handler.function == name for body in found)


def test_a_body_is_read_once(code: LinkedCode) -> None:
    (one,), (other,) = code.helpers.functions("f", "x86"), [
        body for body in code.helpers.functions("f", "generic") if body.handler.arch == "x86"
    ]  # fmt: skip
    assert one is other
    assert code.helpers.body(one.handler) is one
    assert (one.handler.parameters, one.handler.static, one.handler.line) == (["a"], True, 4)


@pytest.mark.parametrize(
    ("name", "arch", "bodies"),
    [
        ("WRAP", "x86", ["f(a) + b"]), ("WRAP", "arm64", ["f(x)"]), ("WRAP", "s390", []), ("SHARED", "x86", ["(y)"]),
        ("WRAP", "generic", ["f(a) + b", "f(x)"]), ("OBJECT", "x86", []), ("missing", "x86", []),
    ],
)  # fmt: skip
def test_macros(code: LinkedCode, name: str, arch: str, bodies: list[str]) -> None:
    assert sorted(macro.body for macro in code.helpers.macros(name, arch)) == bodies


def test_a_name_with_too_many_definitions_is_a_blind_spot(code: LinkedCode) -> None:
    helpers = Helpers(code.connection, "now", code.tree)
    before = code.connection.execute("SELECT count(*) FROM temp.all_cut").fetchone()[0]
    assert helpers.functions("many", "x86") == []
    assert helpers.macros("MANY", "x86") == []
    assert helpers.functions("many", "x86") == []
    reasons = code.connection.execute("SELECT reason FROM temp.all_cut").fetchall()[before:]
    assert reasons == [("a function or macro that has more than 64 definitions is not followed",)] * 2


def test_members(code: LinkedCode) -> None:
    """A member is known by its last name, with each type that any structure gives it."""
    assert code.helpers.members["tea"] == {("int", "")}
    assert [width for _, width in code.helpers.members["cup"]] == ["3"]
    assert "kettle" not in code.helpers.members


@pytest.mark.parametrize(
    ("index", "text", "found"),
    [
        (0, "f(a)", ["(a)"]), (0, "f(( a ), ab, a)", ["( a )", "a"]), (1, "a + b.c", ["b"]), (1, "bb", []),
        (2, "a b", None), (0, "", []),
    ],
)  # fmt: skip
def test_uses_of_a_parameter(index: int, text: str, found: list[str] | None) -> None:
    pattern = FunctionMacro("a.h", 1, "x86", ("a", "b"), text).argument(index)
    assert (pattern and pattern.findall(text)) == found
