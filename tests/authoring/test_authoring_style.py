"""Style of a handler's cases: how they answer, lock and test, where a new one goes, and where a guard ends."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from conftest import UAPI, X86, bare_kernel
from written import workshop

from caplint.authoring.style import Switch, guard_end, indented, switch, switch_at
from caplint.authoring.workshop import Workshop

HANDLER = (
    "static int enable(struct kvm *kvm, struct kvm_enable_cap *cap)", "{", "\tif (cap->flags)", "\t\treturn -EINVAL;",
    "",
    "\tswitch (cap->cap) {", "\tcase KVM_CAP_A:", "\t\tr = 0;", "\t\tbreak;", "\tdefault:", "\t\tr = -EINVAL;", "\t}",
    "\treturn r;", "}",
)  # fmt: skip


def _switch(text: tuple[str, ...] = HANDLER, result: str | None = "r") -> Switch:
    line = 101 + next(at for at, words in enumerate(text) if "default:" in words)
    return Switch("a.c", "enable", ("kvm", "cap"), 101, 100 + len(text), line, result, text)


def test_a_case_ends_as_the_others_do() -> None:
    assert _switch().ends("1") == ["r = 1;", "break;"]
    assert _switch(result=None).ends("-EINVAL") == ["return -EINVAL;"]


@pytest.mark.parametrize(("label", "indent"), [("\tdefault:", "\t"), ("default:", ""), ("\t  default:", "\t  ")])
def test_the_white_space_of_labels(label: str, indent: str) -> None:
    assert _switch(tuple(label if "default" in line else line for line in HANDLER)).indent == indent


def _with(old: str, *new: str) -> tuple[str, ...]:
    at = HANDLER.index(old)
    return (*HANDLER[:at], *new, *HANDLER[at + 1 :])


@pytest.mark.parametrize(
    ("text", "tested"),
    [
        (HANDLER, True),
        (_with("\t\treturn -EINVAL;", "\t\tgoto out;"), True),
        (_with("\tif (cap->flags)", "\tif (cap->flags & 1)"), False),
        (_with("\tif (cap->flags)", "\tif (other->flags)"), False),
        (_with("\t\treturn -EINVAL;", "\t\treturn 0;"), False),
        (_with("\t\treturn -EINVAL;", "\t\tcount++;"), False),
        ((*HANDLER[:2], *HANDLER[5:7], *HANDLER[2:4], *HANDLER[7:]), False),
    ],
)
def test_flags_that_are_tested_for_all_cases(text: tuple[str, ...], tested: bool) -> None:
    assert _switch(text).flags_tested is tested


def test_locks_and_other_words() -> None:
    assert not _switch().guards
    assert _switch(_with("\t\tr = 0;", "\t\tguard(mutex)(&kvm->lock);")).guards
    assert _switch().uses("cap->cap")
    assert not _switch().uses("cap->args")


def test_empty_lines_have_no_white_space() -> None:
    assert list(indented(["a", "", "\tb"], "\t")) == ["\ta", "", "\t\tb"]


class FakeWorkshop:
    """Has one file."""

    def __init__(self, text: str) -> None:
        self.text = text

    def lines(self, _path: str) -> list[str]:
        return self.text.splitlines()

    def rows(self, _query: str, *_given: str) -> list[tuple[str, int, int]]:
        return [('["kvm", "cap"]', 0, len(self.text) - 1)]


@pytest.mark.parametrize(
    ("above", "line"),
    [([], 10), (["\tcase KVM_CAP_B:"], 10), (["\tcase KVM_CAP_B: /* why */", ""], 10), (["\t\tfallthrough;"], 10),
     (["\t\tf();"], 11)],
)  # fmt: skip
def test_a_new_case_belongs_above_the_labels_of_default(above: list[str], line: int) -> None:
    text = (*HANDLER[:9], *above, *HANDLER[9:])
    workshop = cast("Workshop", FakeWorkshop("".join(f"{words}\n" for words in text)))
    found = switch_at(workshop, "a.c", "enable", 10 + len(above))
    assert found is not None
    assert (found.line, found.first, found.last, found.result) == (line, 1, len(text), "r")
    assert switch_at(workshop, "a.c", "enable", len(text) + 1) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("#ifndef A\n#define A\nint a;\n#endif\n", 4),
        ("#ifndef A\n#endif /* A */\n\n\n", 2),
        ("#ifndef A\n# endif\n", 2),
        ("#ifndef A\n#endif\nint a;\n", None),
        ("#endifs\n", None),
        ("", None),
        ("\n\n", None),
    ],
)
def test_the_end_of_a_guard(text: str, line: int | None) -> None:
    assert guard_end(cast("Workshop", FakeWorkshop(text)), "a.h") == line


CAPS = "#define KVM_CAP_A 1\n#define KVM_CAP_B 2\n"
HEAD = "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)\n{\n"
FLAGS = "\tif (cap->flags)\n\t\treturn -EINVAL;\n\n"
PLAIN = """\
	switch (cap->cap) {
	case KVM_CAP_A:
		kvm->arch.a = true;
		r = 0;
		break;
	default:
		r = -EINVAL;
		break;
	}
	return r;
}
"""
RETURNING = """\
	switch (cap->cap) {
	case KVM_CAP_A:
		kvm->arch.a = true;
		return 0;
	default:
		return -EINVAL;
	}
}
"""


def _found(tmp_path: Path, code: str, verb: str = "enable", scope: str = "vm") -> Switch | None:
    with workshop(bare_kernel(tmp_path, {UAPI: CAPS, X86: code})) as place:
        return switch(place, verb, "x86", scope)


def test_a_result_is_kept_where_the_function_ends_with_it(tmp_path: Path) -> None:
    found = _found(tmp_path, HEAD + "\tint r;\n\n" + FLAGS + PLAIN)
    assert found is not None
    assert (found.result, found.flags_tested, found.guards, found.indent) == ("r", True, False, "\t")
    assert found.ends("0") == ["r = 0;", "break;"]


def test_cases_return_where_their_neighbours_do(tmp_path: Path) -> None:
    found = _found(tmp_path, HEAD + RETURNING)
    assert found is not None
    assert (found.result, found.flags_tested) == (None, False)
    assert found.ends("0") == ["return 0;"]


@pytest.mark.parametrize(
    "code",
    [
        HEAD + "\treturn kvm_x86_call(enable_cap)(kvm, cap);\n}\n",
        HEAD + "\tif (cap->cap == KVM_CAP_A)\n\t\treturn 0;\n\treturn -EINVAL;\n}\n",
        HEAD + "\tswitch (cap->cap) {\n\tcase KVM_CAP_A:\n\t\treturn 0;\n\t}\n\treturn -EINVAL;\n}\n",
        HEAD + RETURNING.replace("\tdefault:", "#ifdef CONFIG_X\n\tdefault:").replace("\t}\n}", "#endif\n\t}\n}"),
        "",
    ],
)
def test_without_a_default_there_is_no_place(tmp_path: Path, code: str) -> None:
    assert _found(tmp_path, code) is None


def test_a_switch_out_of_a_macro_is_no_place(tmp_path: Path) -> None:
    body = (HEAD + RETURNING).replace("\n", " \\\n").rstrip("\\\n ")
    assert _found(tmp_path, f"#define HANDLER {body}\n\nHANDLER\n") is None


def test_ten_thousand_cases_take_little_time(tmp_path: Path) -> None:
    cases = "".join(f"\tcase KVM_CAP_A{number}:\n\t\treturn 1;\n" for number in range(10_000))
    found = _found(tmp_path, HEAD + RETURNING.replace("\tdefault:", cases + "\tdefault:"))
    assert found is not None


ONLY = "static int kvm_vcpu_ioctl_enable_cap(struct kvm_vcpu *vcpu, struct kvm_enable_cap *cap)\n{\n"


def test_each_descriptor_has_a_switch_of_its_own(tmp_path: Path) -> None:
    code = HEAD + RETURNING + "\n" + ONLY + RETURNING
    with workshop(bare_kernel(tmp_path, {UAPI: CAPS, X86: code})) as place:
        found = {scope: switch(place, "enable", "x86", scope) for scope in ("vm", "vcpu", "system")}
        assert {scope: one and one.function for scope, one in found.items()} == {
            "vm": "kvm_vm_ioctl_enable_cap", "vcpu": "kvm_vcpu_ioctl_enable_cap", "system": None,
        }  # fmt: skip
        assert switch(place, "check", "x86") is None
        assert switch(place, "enable", "s390", "vm") is None
