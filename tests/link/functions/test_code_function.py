"""One C function: its facts, whether they are read alone or with a whole tree, and what can be asked about them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import X86, bare_kernel

from caplint.config.settings import Config
from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction, between, facts_between, symbols
from caplint.link.functions.function_facts import (
    Assignment,
    CallSite,
    ConditionTest,
    FunctionFact,
    GuardRange,
    JumpSite,
    MacroInvocation,
    MemberAccess,
    ReturnedValue,
    SwitchLabel,
)
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

int second(int n)
{
	switch (n) {
	case FIRST:
	case SECOND ... LAST:
		n = 1;
		break;
	default:
		goto out;
	}
	list_for_each_entry(p, &head, list)
		n++;
out:
	return n ? first(NULL, 3) : 0;
}

void third(void) { }
"""
POINTS = (CallSite, Assignment, ReturnedValue, GuardRange, ConditionTest, SwitchLabel, JumpSite)
KINDS = (*POINTS, MemberAccess, MacroInvocation)


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, CodeFunction]]:
    """The functions of a tree by name."""
    tree = bare_kernel(tmp_path_factory.mktemp("kernel"), {X86: TEXT})
    session = open_session([tree], Config(cache="none", jobs=1))
    yield {function.name: function for function in Code.of(session.connection, "now", tree.name).functions}
    session.store.close()


@pytest.fixture
def first(functions: dict[str, CodeFunction]) -> CodeFunction:
    return functions["first"]


@pytest.fixture
def second(functions: dict[str, CodeFunction]) -> CodeFunction:
    return functions["second"]


def _at(text: str) -> int:
    return TEXT.index(text)


def test_what_stands_in_a_function(first: CodeFunction) -> None:
    assert (first.parameters, first.arch) == (("kvm", "n"), "x86")
    assert TEXT[: first.stop].endswith("\treturn kvm->y;\n}")
    assert first.calls == [
        CallSite(_at("other("), 8, 12, "other", ("kvm", "r + 1"), "assigned", "CONFIG_A"),
        CallSite(_at("second("), 11, 7, "second", ("r",), "assigned", "1"),
    ]
    assert first.stores == [
        Assignment(_at("r = n"), "r", "init", "n", True, 3, "1"),
        Assignment(_at("kvm->x"), "kvm->x", "|=", "other(kvm, r + 1)", False, 8, "CONFIG_A"),
        Assignment(_at("r = second"), "r", "=", "second(r)", True, 11, "1"),
    ]
    assert first.returns == [
        ReturnedValue(_at("return -EINVAL"), "-EINVAL", 6, "1"),
        ReturnedValue(_at("return kvm->y"), "kvm->y", 12, "1"),
    ]
    assert [(test.kind, test.expression, test.leaves, test.line) for test in first.tests] == [
        ("if", "(!kvm)", True, 5),
        ("while", "(r)", False, 10),
    ]
    assert [(access.chain, access.mode, access.line) for access in first.accesses] == [
        ("kvm->x", "update", 8),
        ("kvm->y", "read", 12),
    ]


def test_labels_jumps_and_macros(second: CodeFunction) -> None:
    assert [(label.value, label.selector, label.line, label.is_default) for label in second.labels] == [
        ("FIRST", "n", 18, False),
        ("SECOND", "n", 19, False),
        ("", "n", 22, True),
    ]
    assert second.jumps == [JumpSite(_at("goto out"), "out", 23)]
    assert [(macro.name, macro.arguments, macro.line) for macro in second.macros] == [
        ("list_for_each_entry", "p, &head, list", 25)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_function_that_is_read_alone_has_the_same_facts(
    functions: dict[str, CodeFunction], kind: type[FunctionFact]
) -> None:
    """Every kind is in file order, and within the function; a function without facts has empty lists."""
    found = 0
    for whole in functions.values():
        alone = CodeFunction(whole.connection, X86, "x86", whole.blob, whole.name, whole.line, whole.start, whole.stop,
                             whole.static, whole.parameters)  # fmt: skip
        assert alone == whole
        assert alone._of(kind) == whole._of(kind)
        offsets = [fact.start for fact in alone._of(kind)]
        assert offsets == sorted(offsets)
        assert all(whole.start <= offset < whole.stop for offset in offsets)
        found += len(offsets)
    assert found
    assert functions["third"]._of(kind) == []


def test_facts_are_read_once(first: CodeFunction) -> None:
    assert first.accesses is first.facts[MemberAccess]
    assert first.calls is first.facts[CallSite]


def test_expressions_are_rewritten_on_demand(second: CodeFunction) -> None:
    shouted = CodeFunction(second.connection, X86, "x86", second.blob, "second", second.line, second.start,
                           second.stop, False, ("n",), plain=str.upper)  # fmt: skip
    assert [call.arguments for call in shouted.calls] == [("NULL", "3")]
    assert [store.value for store in shouted.stores] == ["1", ""]
    assert [entry.value for entry in shouted.returns] == ["N ? FIRST(NULL, 3) : 0"]
    assert all(test.expression == test.expression.upper() for test in shouted.tests)
    assert [macro.name for macro in shouted.macros] == ["list_for_each_entry"]


def test_what_is_known_at_a_place(first: CodeFunction) -> None:
    known = [(guard.kind, guard.negated, guard.expression, guard.line) for guard in first.guards_at(_at("kvm->x"))]
    assert known == [("early_exit", True, "!kvm", 5)]
    assert [guard.kind for guard in first.last_guards_at(_at("r = second"), 1)] == ["enclosing"]
    assert len(first.branches(_at("return -EINVAL"))) == 1
    assert first.branches(_at("kvm->x")) == frozenset()
    assert list(first.guards_at(first.start)) == []


def test_statements_around_a_place(first: CodeFunction, second: CodeFunction) -> None:
    assert [test.expression for test in first.loops.at(_at("r = second"))] == ["(r)"]
    assert [test.expression for test in first.ifs.at(_at("return -EINVAL"))] == ["(!kvm)"]
    assert list(first.switches.at(_at("r = second"))) == []
    assert [test.kind for test in second.switches.at(_at("n = 1"))] == ["switch"]
    assert [label.value for label in second.cases.at(_at("n = 1"))] == ["FIRST", "SECOND"]


def test_every_expression_that_is_evaluated(first: CodeFunction) -> None:
    stored = {"n", "other(kvm, r + 1)", "second(r)", "kvm->x"}
    handed_on = {"kvm", "r + 1", "r"}
    assert {text for _, text in first.placed_texts()} == {*stored, *handed_on, "-EINVAL", "kvm->y", "(!kvm)", "(r)"}
    assert first.ordered_texts == sorted(first.ordered_texts)
    assert first.mentions["EINVAL"] == [_at("return -EINVAL")]


def test_facts_by_name(first: CodeFunction) -> None:
    assert [store.operator for store in first.assigned["r"]] == ["init", "="]
    assert [call.line for call in first.calls_of["second"]] == [11]
    assert first.returned[_at("return kvm->y")] == "kvm->y"


def test_facts_between_two_offsets(first: CodeFunction) -> None:
    start, stop = _at("if (!kvm)"), _at("while")
    assert [store.target for store in between(first.stores, start, stop)] == ["kvm->x"]
    assert list(between(first.stores, stop, start)) == []
    texts = [fact.text for fact in facts_between(start, stop, first.returns, first.calls, first.stores)]
    assert texts == ["-EINVAL", "kvm, r + 1", "other(kvm, r + 1)"]


def test_symbols() -> None:
    assert symbols("a->b[c1] + f(_d, 0x1f)") >= {"a", "b", "c1", "f", "_d"}
    assert symbols("1 + 2") == frozenset()
