"""Expressions that follow from a VM pointer: copies, casts, addresses of members, and what functions give back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.handlers.vm_pointers import MEMBER, VM, Pointers, first_step, macro_scope, named, plain, whole_call

TEXT = """\
#define SAME(k) (k)
#define ARCH(k) (&(k)->arch)
#define FIRST(a, b) (a)
static struct kvm *same(struct kvm *k) { return k; }
static struct kvm *copied(struct kvm *k) { struct kvm *c = (struct kvm *)k; return c; }
static struct kvm_arch *arch(struct kvm *k) { return &k->arch; }
static void *either(struct kvm *k) { if (k->x) return k; return &k->arch; }
static void *other(struct kvm *k) { if (k->x) return k; return k->other; }
static struct kvm *second(int n, struct kvm *k) { return same(k); }
static struct kvm *again(struct kvm *k) { return again(k); }
static struct kvm *overwritten(struct kvm *k) { k = NULL; return k; }
int f(struct kvm *kvm, struct kvm_vcpu *vcpu)
{
	struct kvm *copy = kvm, *later, *twice = kvm;
	struct kvm_arch *arch_of = &kvm->arch;
	int loaded = kvm->x;

	later = copy;
	twice = other(kvm);
	return 0;
}
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


@pytest.mark.parametrize(
    ("expression", "origin"),
    [
        ("kvm", VM), ("(kvm)", VM), ("((kvm))", VM), ("(struct kvm *)kvm", VM), ("(void *)(kvm)", VM),
        ("READ_ONCE(kvm)", VM), ("copy", VM), ("later", VM), ("twice", None), ("arch_of", MEMBER), ("loaded", None),
        ("&kvm->arch", MEMBER), ("&(*kvm).arch", MEMBER), ("&copy->arch.x[3]", MEMBER), ("&kvm->arch->x", None),
        ("kvm->arch", None), ("*kvm", None), ("&kvm", None), ("&vcpu->arch", None), ("vcpu", None), ("x.kvm", None),
        ("x->kvm", None), ("akvm", None), ("kvm + 1", None), ("3", None), ("", None),
        ("container_of(kvm, struct kvm_x, kvm)", VM), ("same(kvm)", VM), ("copied(kvm)", VM), ("arch(kvm)", MEMBER),
        ("either(kvm)", MEMBER), ("other(kvm)", None), ("second(1, kvm)", VM), ("second(kvm, 1)", None),
        ("same(vcpu)", None), ("again(kvm)", None), ("overwritten(kvm)", None), ("nowhere(kvm)", None),
        ("SAME(kvm)", VM), ("ARCH(kvm)", MEMBER), ("FIRST(kvm, 1)", VM), ("FIRST(1, kvm)", None),
        ("same(same(same(kvm)))", VM), ("same(arch(kvm))", MEMBER), ("arch(same(kvm))", MEMBER),
    ],
)  # fmt: skip
def test_origin(code: LinkedCode, expression: str, origin: str | None) -> None:
    pointers = Pointers(code.helpers)
    scope = pointers.scope(code.body("f"), {"kvm": VM})
    assert pointers.origin(scope, expression) == origin
    assert pointers.origin(scope, expression) == origin  # from what is kept


def test_scope_of_a_function(code: LinkedCode) -> None:
    pointers, body = Pointers(code.helpers), code.body("f")
    scope = pointers.scope(body, {"kvm": VM})
    assert scope.pointers == {"kvm": VM, "copy": VM, "later": VM, "arch_of": MEMBER}
    assert pointers.scope(body, {}).pointers == {}
    assert not pointers.scope(body, {}).mention.search("kvm copy")
    assert scope.key != pointers.scope(body, {"kvm": MEMBER}).key
    assert scope.key == pointers.scope(body, {"kvm": VM}).key
    assert pointers.scope(code.body("overwritten"), {"k": VM}).pointers == {}


def test_scope_of_a_macro(code: LinkedCode) -> None:
    scope = Pointers(code.helpers).scope(code.body("f"), {"kvm": VM})
    (macro,) = code.helpers.macros("FIRST", "x86")
    assert macro_scope(scope, macro, [VM, None]).pointers == {"a": VM}
    assert macro_scope(scope, macro, [None, MEMBER, VM]).pointers == {"b": MEMBER}
    assert named(("a", "b"), [None, None]) == {}


def test_calls_are_followed_to_a_depth(code: LinkedCode) -> None:
    pointers = Pointers(code.helpers)
    scope = pointers.scope(code.body("f"), {"kvm": VM})
    assert pointers.origin(scope, "second(1, kvm)", depth=0) is None
    assert pointers.origin(scope, "second(1, kvm)", depth=1) is None
    assert pointers.origin(scope, "second(1, kvm)", depth=2) == VM


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("((a))", "a"), ("(struct kvm *)a", "a"), ("(const struct kvm *)(void *)a", "a"), ("unlikely(a)", "a"),
        ("(a) + (b)", "(a) + (b)"), ("(int)a", "(int)a"), ("(a * b)", "a * b"), ("f(a)", "f(a)"), ("", ""),
    ],
)  # fmt: skip
def test_plain(text: str, bare: str) -> None:
    assert plain(text) == bare


@pytest.mark.parametrize(
    ("chain", "pointer", "members"),
    [
        ("kvm->arch.x", "kvm", "arch.x"), ("kvm->a->b", "kvm", "a->b"), ("(*kvm).arch.x", "kvm", "arch.x"),
        ("((*kvm)).arch", "kvm", "arch"), ("f(a->b)->c", "f(a->b)", "c"), ("kvm.arch", "", ""), ("kvm", "", ""),
        ("(*kvm)", "", ""), ("(*kvm)->x", "", ""), ("", "", ""),
    ],
)  # fmt: skip
def test_first_step(chain: str, pointer: str, members: str) -> None:
    assert first_step(chain) == (pointer, members)


@pytest.mark.parametrize(
    ("text", "callee", "arguments"),
    [
        ("f(a, g(b, c))", "f", ["a", "g(b, c)"]), ("x->ops->f(a)", "x->ops->f", ["a"]), ("f(a)(b)", "f(a)", ["b"]),
        ("f(a) + g(b)", "", []), ("(a)", "", []), ("f", "", []), ("f(a))", "", []), (")", "", []), ("", "", []),
    ],
)  # fmt: skip
def test_whole_call(text: str, callee: str, arguments: list[str]) -> None:
    found = whole_call(text)
    assert (found[0], [argument.strip() for argument in found[1]]) == (callee, arguments)


def test_deep_text_takes_no_recursion(code: LinkedCode) -> None:
    deep = "(" * 5_000 + "kvm" + ")" * 5_000
    assert whole_call(deep)[0] == ""
    assert whole_call("f" + deep)[0] == "f"
