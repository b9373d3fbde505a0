"""Whole commands on values that have 64 bits or more: legal C, compared by value."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from conftest import HEADER, QEMU_UAPI, UAPI, X86, Caplint, kernel, qemu

SPELLINGS = {
    "0x8000000000000000ULL": 2**63,
    "(1ULL << 63)": 2**63,
    "9223372036854775808ULL": 2**63,
    "(~0ULL)": 2**64 - 1,
    "18446744073709551615ULL": 2**64 - 1,
    "(-0x7fffffffffffffffLL - 1)": -(2**63),
    "(-1)": -1,
}
UNKNOWN = ["18446744073709551616", f"0x{'f' * 200}", f"({'9' * 5000})"]

MASKED = """\
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	switch (ext) {
	case KVM_CAP_HLT:
		return HLT_VALID;
	}
	return 0;
}

int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	if (cap->flags)
		return -EINVAL;
	switch (cap->cap) {
	case KVM_CAP_HLT:
		if (cap->args[0] & ~HLT_TAKEN)
			return -EINVAL;
		kvm->arch.hlt = cap->args[0];
		return 0;
	}
	return -EINVAL;
}
"""


def header(number: str) -> str:
    return f"{HEADER}#define KVM_CAP_BIG {number}\n"


def codes(out: str) -> list[tuple[str, str]]:
    return [(found["code"], found["message"]) for found in json.loads(out)["findings"]]


def check(caplint: Caplint, tmp_path: Path, ours: str, theirs: str) -> list[tuple[str, str]]:
    trees = kernel(tmp_path / "k", {UAPI: header(ours)}), qemu(tmp_path / "q", {QEMU_UAPI: header(theirs)})
    words = ("--kernel", trees[0], "--qemu", trees[1], "--select", "CAP101,CAP102", "--output-format", "json")
    run = caplint("check", *words)
    assert run.status in {0, 1}
    again = caplint("check", *words)  # from what is remembered
    assert json.loads(again.out)["findings"] == json.loads(run.out)["findings"]
    return codes(run.out)


@pytest.mark.parametrize("ours", SPELLINGS)
@pytest.mark.parametrize("theirs", SPELLINGS)
def test_two_headers(caplint: Caplint, tmp_path: Path, ours: str, theirs: str) -> None:
    found = check(caplint, tmp_path, ours, theirs)
    if SPELLINGS[ours] == SPELLINGS[theirs]:
        assert found == []
    else:
        message = f"is {SPELLINGS[theirs]} here and {SPELLINGS[ours]} in the kernel's UAPI header"
        assert found == [("CAP101", message)]


@pytest.mark.parametrize("number", UNKNOWN)
def test_more_than_any_type_holds(caplint: Caplint, tmp_path: Path, number: str) -> None:
    assert check(caplint, tmp_path, number, "7") == []
    run = caplint("facts", "SELECT name, number FROM cap WHERE number IS NULL", tmp_path / "k")
    assert "KVM_CAP_BIG" in run.out


def test_one_number_twice(caplint: Caplint, tmp_path: Path) -> None:
    twice = "(1ULL << 63)\n#define KVM_CAP_OTHER 0x8000000000000000ULL"
    assert check(caplint, tmp_path, twice, twice) == [
        ("CAP102", f"has the number of KVM_CAP_BIG, {2**63}"),
    ]


@pytest.mark.parametrize("number", [*SPELLINGS, *UNKNOWN])
def test_every_command(caplint: Caplint, tmp_path: Path, number: str) -> None:
    tree = kernel(tmp_path / "k", {UAPI: header(number)})
    value = SPELLINGS.get(number)
    patch = tmp_path / "p.patch"
    lines = header(number).splitlines()
    patch.write_text(
        f"--- a/{UAPI}\n+++ b/{UAPI}\n@@ -4 +4,2 @@\n {lines[-1]}\n+#define KVM_CAP_NEXT {lines[-1].split(' ', 2)[2]}\n"
    )
    run = caplint("patch", patch, "--kernel", tree, "--output-format", "json")
    assert run.status == 1
    assert (("CAP102", f"has the number of KVM_CAP_BIG, {value}") in codes(run.out)) == (value is not None)
    caplint("baseline", "write", tmp_path / "b.json", "--kernel", tree)
    assert caplint("check", "--kernel", tree, "--baseline", tmp_path / "b.json").status == 0
    for form in ("text", "markdown", "html", "json", "csv"):
        run = caplint("inventory", "--kernel", tree, "--output-format", form)
        assert run.status == 0
        assert value is None or str(value) in run.out
    rows = json.loads(caplint("inventory", "--kernel", tree, "--output-format", "json").out)["capabilities"]
    assert {row["name"]: row["number"] for row in rows}["KVM_CAP_BIG"] == value
    words = ("facts", "SELECT number FROM cap WHERE name = 'KVM_CAP_BIG'", tree, "--output-format")
    said = json.loads(caplint(*words, "json").out)[0]["number"]
    assert (said if said is None else int(said)) == value
    assert list(csv.reader(io.StringIO(caplint(*words, "csv").out)))[1] == ["" if value is None else str(value)]
    assert caplint("inventory", "--kernel", tree, "--compare", tree).status == 0


def test_an_inventory_is_ordered_by_value(caplint: Caplint, tmp_path: Path) -> None:
    names = {name: f"KVM_CAP_N{place}" for place, name in enumerate(SPELLINGS)}
    text = "".join(f"#define {names[body]} {body}\n" for body in SPELLINGS)
    tree = kernel(tmp_path / "k", {UAPI: HEADER + text})
    rows = json.loads(caplint("inventory", "--kernel", tree, "--output-format", "json").out)["capabilities"]
    numbers = [row["number"] for row in rows]
    assert numbers == sorted(numbers)
    assert len(numbers) == len(SPELLINGS) + 3


def test_the_next_free_number_is_exact(caplint: Caplint, tmp_path: Path) -> None:
    """A dense run that ends at the greatest integer of SQLite: one more is no floating-point number."""
    text = "".join(f"#define KVM_CAP_N{at} {2**63 - 3 + at}ULL\n" for at in range(3))
    tree = kernel(tmp_path / "k", {UAPI: text})
    patch = tmp_path / "p.patch"
    last = text.splitlines()[-1]
    patch.write_text(f"--- a/{UAPI}\n+++ b/{UAPI}\n@@ -3 +3,2 @@\n {last}\n+#define KVM_CAP_NEW {2**63 + 7}ULL\n")
    words = ("patch", patch, "--kernel", tree, "--select", "CAP105", "--output-format", "json")
    found = json.loads(caplint(*words).out)["findings"]
    assert [one["message"] for one in found] == [f"takes {2**63 + 7}; the next free number is {2**63}"]
    assert [one["message"] for one in found[0]["related"]] == [f"the last one, {2**63 - 1}"]
    patch.write_text(patch.read_text().replace(str(2**63 + 7), str(2**63)))
    assert json.loads(caplint(*words).out)["findings"] == []


@pytest.mark.parametrize(
    ("valid", "taken", "message"),
    [
        ("(1ULL << 63)", "0x8000000000000000ULL", None),
        ("(~0ULL)", "0xffffffffffffffffULL", None),
        ("(BIT_ULL(63) | 1)", "BIT_ULL(63)", "advertises 0x1, which kvm_vm_ioctl_enable_cap() rejects"),
        ("1", "(BIT_ULL(63) | 1)", "accepts 0x8000000000000000, which kvm_vm_ioctl_check_extension() never advertises"),
        ("(~0ULL)", "(~0ULL >> 1)", "advertises 0x8000000000000000, which kvm_vm_ioctl_enable_cap() rejects"),
    ],
)
def test_a_mask_with_its_highest_bit(
    caplint: Caplint, tmp_path: Path, valid: str, taken: str, message: str | None
) -> None:
    text = f"{HEADER}#define BIT_ULL(n) (1ULL << (n))\n#define HLT_VALID {valid}\n#define HLT_TAKEN {taken}\n"
    tree = kernel(tmp_path / "k", {UAPI: text, X86: MASKED})
    run = caplint("check", "--kernel", tree, "--select", "CAP213", "--output-format", "json")
    assert run.status in {0, 1}
    assert [said.partition("() ")[2] for _, said in codes(run.out)] == ([] if message is None else [message])


@pytest.mark.parametrize(
    ("passed", "message"),
    [
        ("0x8000000000000000ULL", None),
        ("~0ULL", "passes 0x7fffffffffffffff, which kvm_vm_ioctl_enable_cap() rejects"),
        ("0xffffffffffffffff", "passes 0x7fffffffffffffff, which kvm_vm_ioctl_enable_cap() rejects"),
    ],
)
def test_a_vmm_passes_high_bits(caplint: Caplint, tmp_path: Path, passed: str, message: str | None) -> None:
    text = f"{HEADER}#define HLT_VALID (1ULL << 63)\n#define HLT_TAKEN (1ULL << 63)\n"
    code = (
        "int f(KVMState *s)\n{\n\tif (kvm_check_extension(s, KVM_CAP_HLT) & (1ULL << 63))\n"
        f"\t\treturn kvm_vm_enable_cap(s, KVM_CAP_HLT, 0, {passed});\n\treturn 0;\n}}\n"
    )
    trees = kernel(tmp_path / "k", {UAPI: text, X86: MASKED}), qemu(tmp_path / "q", {"accel/kvm/kvm-all.c": code})
    words = ("--kernel", trees[0], "--qemu", trees[1], "--select", "CAP213", "--output-format", "json")
    run = caplint("check", *words)
    assert run.status in {0, 1}
    assert [said for _, said in codes(run.out)] == ([] if message is None else [message])


def test_a_single_high_bit_is_a_yes(caplint: Caplint, tmp_path: Path) -> None:
    """An answer of one bit says no more than yes, also where the bit is the highest."""
    code = (
        "int f(KVMState *s)\n{\n\tif (kvm_check_extension(s, KVM_CAP_HLT))\n"
        "\t\treturn kvm_vm_enable_cap(s, KVM_CAP_HLT, 0, 1ULL << 63);\n\treturn 0;\n}\n"
    )
    for valid, number in (("(1ULL << 63)", 0), ("((1ULL << 63) | 1)", 1)):
        text = f"{HEADER}#define HLT_VALID {valid}\n#define HLT_TAKEN (({valid}) | 0)\n"
        trees = kernel(tmp_path / "k", {UAPI: text, X86: MASKED}), qemu(tmp_path / "q", {"accel/kvm/kvm-all.c": code})
        words = ("--kernel", trees[0], "--qemu", trees[1], "--select", "CAP213", "--output-format", "json")
        assert len(codes(caplint("check", *words).out)) == number
