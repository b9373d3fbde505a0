"""Names for the parts of a request: its members and elements, copies of them, and what takes their place later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.handlers.request_names import WHOLE, Part, RequestNames, arguments
from caplint.values.expression_tree import tree_of

TEXT = """\
int f(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	struct kvm_enable_cap *req = cap, copy;
	u64 size = cap->args[1];
	u32 flags = cap->flags;
	u64 *rest = &cap->args[2];
	u64 *all = cap->args;
	long nr = cap->cap;
	bool given = cap->args[0];
	u64 sum = cap->args[0] + 1;
	u64 later;

	memcpy(&copy, cap, sizeof(copy));
	memcpy(kvm->x, cap, 8);
	first();
	later = (u64)cap->args[3];
	size = kvm->size;
	if (size > kvm->max || flags)
		return -EINVAL;
	if (kvm->ready)
		return 0;
	size = 0;
	later = cap->flags;
	return sum;
}
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


@pytest.fixture(scope="module")
def names(code: LinkedCode) -> RequestNames:
    return RequestNames(code.body("f"), (("cap", WHOLE),))


def _args(*index: str) -> Part:
    return ("args", *index)


PARTS = [
    ("cap", WHOLE), ("(cap)", WHOLE), ("*cap", WHOLE), ("&cap", WHOLE), ("(struct kvm_enable_cap *)cap", WHOLE),
    ("req", WHOLE), ("copy", WHOLE), ("&copy", WHOLE), ("cap->flags", ("flags",)), ("(*cap).flags", ("flags",)),
    ("copy.flags", ("flags",)), ("req->cap", ("cap",)), ("cap->args", _args()), ("cap->args[0]", _args("0")),
    ("(u32)cap->args[0]", _args("0")), ("cap->args[0x3]", _args("3")), ("cap->args[010]", _args("8")),
    ("cap->args[1UL]", _args("1")), ("req->args[2]", _args("2")), ("size", _args("1")), ("flags", ("flags",)),
    ("rest", _args("2")), ("rest[1]", _args("3")), ("*rest", _args("2")), ("all", _args()), ("all[1]", _args("1")),
    ("nr", None), ("given", None), ("sum", None), ("later", None), ("kvm", None), ("cap->pad", None),
    ("kvm->flags", None), ("x->cap->flags", None), ("cap->flags->args", None), ("cap->args[i]", None),
    ("cap->args[-1]", None), ("cap->args[99999999999]", None), ("flags[1]", None), ("(bool)cap->flags", None),
    ("cap->flags + 1", None), ("!cap->flags", None), ("f(cap)", None), ("cap[0]", None), ("0", None), ("@", None),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "part"), PARTS)
def test_part(code: LinkedCode, names: RequestNames, expression: str, part: Part | None) -> None:
    assert names.part(tree_of(expression), code.at("first()")) == part


@pytest.mark.parametrize(
    ("name", "before", "part"),
    [
        ("size", "u64 size", None),
        ("size", "u32 flags", _args("1")),
        ("size", "if (size", _args("1")),
        ("later", "later = (u64)", None),
        ("later", "size = kvm", _args("3")),
        ("later", "return sum", ("flags",)),
        ("copy", "memcpy(&copy", None),
        ("cap", "struct kvm_enable_cap *req", WHOLE),
    ],
)
def test_part_of_a_variable_as_copies_are_made(
    code: LinkedCode, names: RequestNames, name: str, before: str, part: Part | None
) -> None:
    """Another value does not end a copy: what is tested then is what became of the request."""
    assert names.part(tree_of(name), code.at(before)) == part


def test_offset_of_the_last_copy(code: LinkedCode, names: RequestNames) -> None:
    assert names.copied_at("later", code.at("first()")) == -1
    assert names.copied_at("later", code.at("size = kvm")) == code.at("later = (u64)")
    assert names.copied_at("later", code.at("return sum")) == code.at("later = cap->flags")
    assert names.copied_at("kvm", code.at("return sum")) == -1


def test_holders(names: RequestNames) -> None:
    assert names.holders(("flags",)) == ["flags", "later"]
    assert names.holders(_args("1")) == ["size"]
    assert sorted(names.holders(WHOLE)) == ["cap", "copy", "req"]
    assert names.holders(_args("7")) == []


def test_mentions_and_tests(names: RequestNames) -> None:
    assert names.words == {"cap", "req", "copy", "size", "flags", "rest", "all", "later"}
    assert names.mentions("kvm->x + (size)")
    assert not names.mentions("kvm->x + sizes + given")
    assert [test.text for test in names.tests] == ["(size > kvm->max || flags)"]


def test_a_helper_may_get_one_part(code: LinkedCode) -> None:
    names = RequestNames(code.body("f"), (("kvm", _args("1")), ("cap", ("flags",))))
    end = code.at("return sum")
    assert names.part(tree_of("kvm"), end) == _args("1")
    assert names.part(tree_of("kvm[2]"), end) == _args("3")
    assert names.part(tree_of("req"), end) == ("flags",)
    assert names.part(tree_of("cap->flags"), end) is None
    assert RequestNames(code.body("f"), ()).words == set()


@pytest.mark.parametrize(
    ("text", "found"), [('["a", "b + 1"]', ["a", "b + 1"]), ("[]", []), ("a, b", ["a, b"]), ("", [""]), ("[1]", ["1"])]
)
def test_arguments(text: str, found: list[str]) -> None:
    assert arguments(text) == found
