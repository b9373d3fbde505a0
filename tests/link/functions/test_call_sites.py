"""The functions of a tree with what stands in them, in file order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import X86, bare_kernel

from caplint.config.settings import Config
from caplint.link.functions.call_sites import Assignment, CallSite, Code, CodeFunction, symbols
from caplint.session import open_session

TEXT = """\
static int first(struct kvm *kvm, int n)
{
	int r = n;

	if (!kvm)
		return -EINVAL;
#ifdef CONFIG_A
	kvm->x |= other(kvm, r + 1);
#endif
	while (r)
		r = second(r);
	return kvm->y;
}

int second(int n) { first(NULL, n); return n ? 1 : 0; }
int third(void)
{
	goto out;
out:
	return first(NULL, 3);
}
"""
OTHER = "arch/x86/kvm/other.c"


@pytest.fixture(scope="module")
def codes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Code, list[CodeFunction]]]:
    """The functions of a tree, and those of one of its files alone."""
    text = "int fourth(void) { return first(NULL, 4); }\nstatic int fifth(void) { return second(5); }\n"
    tree = bare_kernel(tmp_path_factory.mktemp("kernel"), {X86: TEXT, OTHER: text})
    session = open_session([tree], Config(cache="none", jobs=1))
    (blob,) = session.connection.execute("SELECT blob FROM temp.all_file WHERE path = ?", (X86,)).fetchone()
    yield Code.of(session.connection, "now", tree.name), Code.of_file(session.connection, X86, "x86", blob)
    session.store.close()


@pytest.fixture(scope="module")
def first(codes: tuple[Code, list[CodeFunction]]) -> CodeFunction:
    return codes[0].named("first")[0]


def _at(text: str) -> int:
    return TEXT.index(text)


def test_functions_stand_in_order_of_file_and_place(codes: tuple[Code, list[CodeFunction]]) -> None:
    found = [(function.path, function.name, function.line, function.static) for function in codes[0].functions]
    assert found == [
        (OTHER, "fourth", 1, False),
        (OTHER, "fifth", 2, True),
        (X86, "first", 1, True),
        (X86, "second", 15, False),
        (X86, "third", 16, False),
    ]


def test_a_file_alone_has_the_same_functions_as_in_its_tree(codes: tuple[Code, list[CodeFunction]]) -> None:
    assert codes[1] == [function for function in codes[0].functions if function.path == X86]


def test_what_stands_in_a_function(first: CodeFunction) -> None:
    assert (first.parameters, first.arch) == (("kvm", "n"), "x86")
    assert TEXT[: first.stop].endswith("\treturn kvm->y;\n}")
    assert first.calls == [
        CallSite(_at("other("), 8, 12, "other", ("kvm", "r + 1"), "assigned", "CONFIG_A"),
        CallSite(_at("second("), 11, 7, "second", ("r",), "assigned", "1"),
    ]
    assert first.stores == [
        Assignment(_at("r = n"), "r", "init", "n", True, 3),
        Assignment(_at("kvm->x"), "kvm->x", "|=", "other(kvm, r + 1)", False, 8),
        Assignment(_at("r = second"), "r", "=", "second(r)", True, 11),
    ]
    assert first.returns == [(_at("return -EINVAL"), "-EINVAL"), (_at("return kvm->y"), "kvm->y")]
    assert [test.expression for test in first.tests] == ["(!kvm)", "(r)"]
    assert [test.kind for test in first.tests] == ["if", "while"]


def test_what_is_known_at_a_place(first: CodeFunction) -> None:
    known = [(extent.kind, extent.negated, extent.expression) for extent in first.guards(_at("kvm->x"))]
    assert known == [("early_exit", True, "!kvm")]
    assert len(first.branches(_at("return -EINVAL"))) == 1
    assert first.branches(_at("kvm->x")) == frozenset()
    assert list(first.guards(first.start)) == []


def test_every_expression_that_is_evaluated(first: CodeFunction) -> None:
    stored = {"n", "other(kvm, r + 1)", "second(r)", "kvm->x"}
    handed_on = {"kvm", "r + 1", "r"}
    assert {text for _, text in first.texts()} == {*stored, *handed_on, "-EINVAL", "kvm->y", "(!kvm)", "(r)"}


def test_who_calls(codes: tuple[Code, list[CodeFunction]], first: CodeFunction) -> None:
    """A static function is called from its own file only; another of the same name is not in view there."""
    code = codes[0]
    assert [(caller.name, call.line) for caller, call in code.callers(first)] == [("second", 15), ("third", 20)]
    (second,) = code.named("second")
    assert [caller.name for caller, _ in code.callers(second)] == ["fifth", "first"]
    assert code.callers(code.named("fifth")[0]) == []
    assert [caller.name for caller, _ in code.calling(["second", "nobody", "other"])] == ["fifth", "first", "first"]
    assert code.named("nobody") == []


def test_jumps(codes: tuple[Code, list[CodeFunction]]) -> None:
    (third,) = codes[0].named("third")
    assert third.jumps
    assert all(third.start < jump < third.stop for jump in third.jumps)


def test_symbols() -> None:
    assert symbols("a->b[c1] + f(_d, 0x1f)") >= {"a", "b", "c1", "f", "_d"}
    assert symbols("1 + 2") == frozenset()
