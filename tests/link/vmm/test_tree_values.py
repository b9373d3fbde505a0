"""Definitions outside functions that a VMM's expressions name, and text with a macro's arguments in place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked_vmm

from caplint.link.functions.call_sites import Code
from caplint.link.vmm.tree_values import MacroText, TreeValues, arguments_of, substituted

OTHER = "target/i386/kvm/other.c"
TEXT = """\
#define PICK(x) (x)
#define OWN(x) own(x)
static int limit = 3;
enum { TEA = 7, CUP };
static const int rows[] = { 1, [4] = 2 };
struct state { int cap; int flags; };
int f(struct state *s) { int local = 1; limit = 9; s->flags = local; s->flags |= 2; return OWN(limit); }
"""
FILES = {
    OTHER: (
        "#define OWN(x) other(x)\n#define SEEN_ELSEWHERE 1\nstatic int limit = 5;\nint shared = 8;\n"
        "static const int rows[] = { 6 };\nint far[] = { 7 };\n"
    ),
    "target/i386/kvm/kvm_i386.h": "#define PICK(x) header(x)\n#define BOTH(x) both(x)\nstatic int of_header = 4;\n",
    "accel/kvm/late.h": "#define BOTH(x, y) late(x, y)\nstruct pair { int first; struct state *of; int cap; };\n",
}


@pytest.fixture(scope="module")
def vmm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked_vmm(tmp_path_factory.mktemp("qemu"), TEXT, FILES) as found:
        yield found


@pytest.fixture
def values(vmm: LinkedCode) -> TreeValues:
    return TreeValues(vmm.connection, "now", vmm.tree, Code.of(vmm.connection, "now", vmm.tree))


def _blob(values: TreeValues, path: str = "target/i386/kvm/kvm.c") -> int:
    ((blob,),) = values.connection.execute("SELECT blob FROM all_file WHERE path = ?", (path,))
    assert isinstance(blob, int)
    return blob


def test_a_files_own_macro_comes_before_those_of_headers(values: TreeValues) -> None:
    own, other = _blob(values), _blob(values, OTHER)
    assert [entry.body for entry in values.macros(own, "PICK")] == ["(x)"]
    assert [entry.body for entry in values.macros(other, "PICK")] == ["header(x)"]
    assert [entry.body for entry in values.macros(other, "OWN")] == ["other(x)"]
    assert [entry.parameters for entry in values.macros(own, "BOTH")] == [("x", "y"), ("x",)]
    assert [entry.parameters for entry in values.macros(other, "SEEN_ELSEWHERE")] == [None]


def test_what_only_another_c_file_defines_is_not_seen(values: TreeValues) -> None:
    assert values.macros(_blob(values), "SEEN_ELSEWHERE") == []
    assert values.initials(_blob(values, "accel/kvm/kvm-all.c"), "limit") == []


@pytest.mark.parametrize(
    ("name", "initials"),
    [("limit", ["3"]), ("shared", ["8"]), ("of_header", ["4"]), ("TEA", ["7"]), ("CUP", []), ("nothing", [])],
)
def test_values_of_names_outside_functions(values: TreeValues, name: str, initials: list[str]) -> None:
    assert [entry.value for entry in values.initials(_blob(values), name)] == initials


def test_a_files_own_array_comes_before_the_trees(values: TreeValues) -> None:
    own = _blob(values)
    assert [(row.designator, row.value) for row in values.rows(own, "rows")] == [("", "1"), ("[4]", "2")]
    assert [row.value for row in values.rows(_blob(values, OTHER), "rows")] == ["6"]
    assert [(row.arch, row.value) for row in values.rows(own, "far")] == [("x86", "7")]
    assert values.own_rows(own, "far") == []
    assert len(values.own_rows(None, "rows")) == 3


def test_assignments_that_outlive_a_function(values: TreeValues) -> None:
    """An update has no value of its own, and a file's functions do not set another's variable."""
    own, other = _blob(values), _blob(values, OTHER)
    assert [store.value for _, store in values.assigned(own, "limit")] == ["9"]
    assert [(function.name, store.value) for function, store in values.assigned(own, "flags")] == [("f", "local")]
    assert values.assigned(own, "local") == values.assigned(other, "limit") == []


def test_positions_of_members(values: TreeValues) -> None:
    assert list(values.position("cap")) == [0, 2]
    assert list(values.position("flags")) == [1]
    assert list(values.position("nothing")) == []


@pytest.mark.parametrize(
    ("parameters", "body", "arguments", "text"),
    [
        (("s", "cap"), "check(s, cap)", ["st", "KVM_CAP_A"], "check(st, KVM_CAP_A)"),
        (("cap",), "KVM_CAP_##cap", ["A"], "KVM_CAP_A"),
        (("cap",), "KVM_CAP_ ## cap", ["A"], "KVM_CAP_A"),
        (("cap",), "f(#cap, cap)", ["A"], 'f("" A, A)'),
        (("a", "b"), "a + b", ["b", "1"], "b + 1"),
        (("s",), "capable(caps, s)", ["x"], "capable(caps, x)"),
        ((), "check(1)", [""], "check(1)"),
        (("s", "..."), "f(s, __VA_ARGS__)", ["x", "1", "2"], "f(x, 1, 2)"),
        (("s", "rest..."), "f(s, rest)", ["x", "1", "2"], "f(x, 1, 2)"),
        (("s", "cap"), "check(s, cap)", ["st"], None),
        (("s",), "check(s)", ["a", "b"], None),
        ((), "check(1)", ["a"], None),
    ],
)
def test_arguments_in_place(parameters: tuple[str, ...], body: str, arguments: list[str], text: str | None) -> None:
    assert substituted(MacroText(1, parameters, body), arguments) == text


def test_arguments_of_a_call_at_the_end_of_a_text() -> None:
    assert arguments_of("f(a, g(b, c), { d, e })", 1) == ["a", "g(b, c)", "{ d, e }"]
