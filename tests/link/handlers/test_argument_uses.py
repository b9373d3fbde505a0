"""Uses of one argument of a request: stored, passed on, tested, an index, a number of a bit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.handlers.argument_uses import ArgumentUses, calls, evaluates, expressions, handed_on, indices
from caplint.link.handlers.argument_uses import tested as arguments_in_conditions
from caplint.link.handlers.conditions import Region
from caplint.link.handlers.request_names import WHOLE, Part
from caplint.link.handlers.request_tests import Readers, RequestTests

FIRST: Part = ("args", "0")
ARGS: Part = ("args",)
FILES = {"arch/x86/include/asm/kvm_host.h": "struct kvm_arch { bool flag; u64 wide; u64 bit:1; u64 two:2; };\n"}
HELPERS = """\
static int set(struct kvm *kvm, u64 v) { kvm->arch.wide = v; return 0; }
static int set_low(struct kvm *kvm, u64 v) { if (v > 7) return -EINVAL; kvm->arch.wide = v; return 0; }
static int turn(struct kvm *kvm, bool v) { kvm->arch.wide = v; return 0; }
static int whole(struct kvm *kvm, struct kvm_enable_cap *c) { kvm->arch.wide = c->args[0]; return 0; }
static int other(struct kvm *kvm, struct kvm_enable_cap *c) { kvm->arch.wide = c->args[1]; return 0; }
static int again(struct kvm *kvm, u64 v) { return again(kvm, v); }
"""
# Name → code of a function; use, whether the first argument is tested before each use, and the bits that are accepted.
CASES: dict[str, tuple[str, str, int | None, str | None]] = {
    "stored": ("kvm->arch.wide = cap->args[0];", "stored", 0, None),
    "stored_in_bool": ("kvm->arch.flag = cap->args[0];", "stored", 1, None),
    "stored_in_bit": ("kvm->arch.bit = cap->args[0];", "stored", 1, None),
    "stored_in_two_bits": ("kvm->arch.two = cap->args[0];", "stored", 0, None),
    "stored_sum_in_bool": ("kvm->arch.flag = cap->args[0] + kvm->x;", "stored", 0, None),
    "stored_locally": ("u64 v = cap->args[0]; if (v) kvm->x = 1;", "tested", 1, None),
    "stored_masked": ("if (cap->args[0] & ~3) return -EINVAL; kvm->arch.wide = cap->args[0];", "stored", 1, "3"),
    "stored_reduced": ("kvm->arch.wide = cap->args[0] & 7;", "stored", 1, None),
    "stored_chosen": ("kvm->arch.wide = cap->args[0] > 7 ? 7 : cap->args[0];", "stored", 1, None),
    "stored_chosen_wrong": ("kvm->arch.wide = kvm->x ? 7 : cap->args[0];", "stored", 0, None),
    "tested": ("if (cap->args[0]) kvm->x = 1;", "tested", 1, None),
    "passed": ("return set(kvm, cap->args[0]);", "passed", 0, None),
    "passed_low": ("return set_low(kvm, cap->args[0]);", "passed", 1, None),
    "passed_as_bool": ("return turn(kvm, cap->args[0]);", "passed", 1, None),
    "passed_nowhere": ("return nowhere(kvm, cap->args[0]);", "passed", None, None),
    "passed_nowhere_tested": (
        "if (cap->args[0] > 7) return -EINVAL; return nowhere(kvm, cap->args[0]);", "passed", 1, None),
    "passed_in_circles": ("return again(kvm, cap->args[0]);", "passed", None, None),
    "whole_passed": ("return whole(kvm, cap);", "passed", 0, None),
    "whole_passed_unread": ("if (cap->args[0]) return other(kvm, cap); return 0;", "tested", 1, None),
    "logged": ("pr_debug(cap->args[0]); if (cap->args[0]) kvm->x = 1;", "tested", 1, None),
    "judged": ("struct file *f = fget(cap->args[0]); if (!f) return -EBADF;", "passed", 1, None),
    "index": ("kvm->x = table[cap->args[0]];", "stored", 0, None),
    "index_bounded": ("if (cap->args[0] >= 8) return -EINVAL; kvm->x = table[cap->args[0]];", "stored", 1, None),
    "index_only_nonzero": ("if (!cap->args[0]) return -EINVAL; kvm->x = table[cap->args[0]];", "stored", 0, None),
    "index_behind_and": ("if (cap->args[0] < 8 && table[cap->args[0]]) kvm->x = 1;", "tested", 1, None),
    "index_behind_or": ("if (cap->args[0] > 7 || table[cap->args[0]]) kvm->x = 1;", "tested", 1, None),
    "index_in_front": ("if (table[cap->args[0]] && cap->args[0] < 8) kvm->x = 1;", "tested", 0, None),
    "bit": ("kvm->x |= 1 << cap->args[0];", "stored", 0, None),
    "bit_call": ("set_bit(cap->args[0], &kvm->map);", "passed", 0, None),
    "bit_call_bounded": ("if (cap->args[0] > 63) return -EINVAL; set_bit(cap->args[0], &kvm->map);", "passed", 1, None),
    "shifted": ("if (cap->args[0] >> 3) return -EINVAL; kvm->arch.wide = cap->args[0];", "stored", 1, None),
    "taken_apart": ("if (cap->args[0] & 1) kvm->x = 1; return 0;", "tested", 0, None),
    "taken_apart_tested": (
        "if (cap->args[0] & ~1) return -EINVAL; if (cap->args[0] & 1) kvm->x = 1; return 0;", "tested",
                           1, "1"),
}  # fmt: skip
HEAD = "int {}(struct kvm *kvm, struct kvm_enable_cap *cap)\n{{\n"
TEXT = HELPERS + "".join(f"{HEAD.format(name)}{case}\nreturn 0;\n}}\n" for name, (case, *_) in CASES.items())
TEXT += HEAD.format("reads") + (
    "u64 *args = cap->args;\nif (cap->flags) return 0;\nif (cap->cap == KVM_CAP_B && args[3]) return 0;\n"
    "kvm->table[cap->args[1]] = 1;\nother(kvm, cap);\nx = cap->args[0x2] + (u32)(cap->args[2]);\n"
    "CLASS(fd, f)(cap->args[4]);\nunknown(kvm, cap);\npr_info(cap);\nunknown(kvm, &cap->args[5]);\nreturn 0;\n}\n"
)
TEXT += HEAD.format("many") + f"f({'0, ' * 40}cap->args[0]);\nreturn 0;\n}}\n"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT, FILES) as found:
        yield found


def _reader(code: LinkedCode, name: str, value: Part, capability: str = "KVM_CAP_A") -> RequestTests:
    readers = Readers(code.helpers, code.constants, lambda _, __: None)
    return readers.reader(code.body(name), (("cap", WHOLE),), value, capability)


@pytest.mark.parametrize("name", CASES)
def test_argument(code: LinkedCode, name: str) -> None:
    reader = _reader(code, name, FIRST)
    found = ArgumentUses(reader, reader.whole).argument(0)
    assert (found.use, found.validated, found.mask) == CASES[name][1:]


def test_indices_of_what_is_read(code: LinkedCode) -> None:
    """Indices that a helper reads count if it gets the whole request; a region counts alone."""
    reader = _reader(code, "reads", ARGS)
    assert indices(reader, reader.whole) == {1, 2, 3, 4, 5}
    start, stop = code.at("kvm->table[", "reads"), code.at("x = cap->args[0x2]", "reads")
    assert indices(reader, Region(start, start, stop, "1")) == {1}
    whole = _reader(code, "whole_passed", ARGS)
    assert indices(whole, whole.whole) == {0}


def test_arguments_that_conditions_read(code: LinkedCode) -> None:
    reader = _reader(code, "reads", ARGS)
    assert [entry.position for entry in arguments_in_conditions(reader)] == [3]
    assert arguments_in_conditions(reader) is arguments_in_conditions(reader)


@pytest.mark.parametrize(("capability", "read"), [("KVM_CAP_B", True), ("KVM_CAP_A", False)])
def test_a_condition_on_another_capability_reads_nothing(code: LinkedCode, capability: str, read: bool) -> None:
    reader = _reader(code, "reads", ARGS, capability)
    (entry,) = arguments_in_conditions(reader)
    assert evaluates(reader, entry, reader.whole) is read


def test_calls_that_get_the_request(code: LinkedCode) -> None:
    reader = _reader(code, "reads", ARGS)
    found = [row.callee for row in calls(reader, reader.whole)]
    assert sorted(found) == ["CLASS(fd, f)", "other", "pr_info", "unknown", "unknown"]


def test_requests_that_go_out_of_view(code: LinkedCode) -> None:
    """The whole request, to a function that is nowhere; a log is none, nor one argument's address."""
    assert handed_on(_reader(code, "reads", ARGS)) == [code.at("unknown(kvm, cap)", "reads")]


def test_expressions_that_mention_the_request(code: LinkedCode) -> None:
    reader = _reader(code, "reads", ARGS)
    found = {text for row, _ in expressions(reader, reader.whole) if (text := row.text)}
    assert "1" in found  # assigned to an element that the request chooses
    assert "0" not in found
    assert "kvm, cap" in found


def test_a_call_with_too_many_arguments_is_a_blind_spot(code: LinkedCode) -> None:
    reader = _reader(code, "many", FIRST)
    assert ArgumentUses(reader, reader.whole).argument(0).use == "tested"
    assert list(reader.body.cuts) == ["a call with 32 or more arguments"]
    reader.body.cuts.clear()
