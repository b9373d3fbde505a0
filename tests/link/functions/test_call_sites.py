"""The functions of a tree, in file order, and who calls them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import X86, bare_kernel

from caplint.config.settings import Config
from caplint.link.functions.call_sites import Budget, Code
from caplint.link.functions.code_function import CodeFunction
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


def test_who_calls(codes: tuple[Code, list[CodeFunction]], first: CodeFunction) -> None:
    """A static function is called from its own file only; another of the same name is not in view there."""
    code = codes[0]
    assert [(caller.name, call.line) for caller, call in code.callers(first)] == [("second", 15), ("third", 20)]
    (second,) = code.named("second")
    assert [caller.name for caller, _ in code.callers(second)] == ["fifth", "first"]
    assert code.callers(code.named("fifth")[0]) == []
    assert [caller.name for caller, _ in code.calling(["second", "nobody", "other"])] == ["fifth", "first", "first"]
    assert code.named("nobody") == []


def test_a_budget_ends() -> None:
    budget = Budget(3)
    assert [budget.spend(), budget.spend(2), budget.spend()] == [True, True, False]
