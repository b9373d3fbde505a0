"""Layouts on other lines: what was evaluated before is what would be evaluated now, or it is evaluated."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from caplint.abi.layout_reuse import move, moved
from caplint.abi.sources import HeaderSet, Sources, gather
from caplint.abi.unit import evaluate

ROOT, ASM = "include/uapi/linux/kvm.h", "arch/x86/include/uapi/asm/kvm.h"
HEADER = """\
#include <linux/types.h>
#include <linux/ioctl.h>
#include <asm/kvm.h>
#define KVMIO 0xAE
#define KVM_CAP_IRQCHIP 0
#define KVM_CAP_HLT 1
struct kvm_level {
	__u32 irq;
	union {
		__u64 level;
		struct missing gone;
	} u;
};
struct kvm_whole {
	__u32 irq;
	struct {
		__u8 a;
		__u16 b;
	} u[2];
};
#define KVM_WHOLE _IOW(KVMIO, 0x61, struct kvm_whole)
"""
NEW = "#define KVM_CAP_NEW 250\n"
HLT = "#define KVM_CAP_HLT 1\n"


def _sources(header: str, asm: str = "struct kvm_regs {\n\t__u64 rax;\n};\n") -> Sources:
    files = {ROOT: header.encode(), ASM: asm.encode()}
    return gather(HeaderSet(ROOT, ASM), files.get)


def _units(sources: Sources) -> str:
    return json.dumps({name: asdict(unit) for name, unit in evaluate(sources, ["x86_64", "i386"]).items()})


SAME = {
    "one more": HEADER.replace(HLT, HLT + NEW),
    "two more, apart": HEADER.replace(HLT, NEW + HLT).replace(
        "struct kvm_whole {", "#define KVM_CAP_X 7\nstruct kvm_whole {"
    ),
    "one less": HEADER.replace(HLT, ""),
    "another number": HEADER.replace("HLT 1", "HLT 2"),
    "inside a structure": HEADER.replace("\t__u32 irq;\n\tstruct {", f"\t__u32 irq;\n{NEW}\tstruct {{"),
}


@pytest.mark.parametrize("header", SAME.values(), ids=SAME)
def test_moved_units_are_those_that_would_be_evaluated(header: str) -> None:
    before, after = _sources(HEADER), _sources(header)
    lines = moved(before, after)
    assert lines is not None
    assert "kvm_whole" in (units := _units(before))
    assert '"unknown": [["struct kvm_level"' in units
    assert move(units, lines) == _units(after)


OTHER = {
    "a member": HEADER.replace("\t__u8 a;\n", "\t__u8 a;\n\t__u8 c;\n"),
    "an empty line": HEADER.replace(HLT, HLT + "\n"),
    "a macro of another kind": HEADER.replace(HLT, HLT + "#define KVM_OTHER 3\n"),
    "a capability that is used": HEADER.replace(HLT, HLT + NEW).replace("u[2]", "u[KVM_CAP_NEW]"),
    "a capability that is tested": HEADER.replace(HLT, HLT + NEW + "#ifdef KVM_CAP_NEW\n#endif\n"),
    "a value that is no number": HEADER.replace(HLT, HLT + "#define KVM_CAP_NEW sizeof(struct kvm_whole)\n"),
    "a continued line": HEADER.replace(HLT, "#define KVM_CAP_HLT \\\n" + NEW),
    "a name that is pasted": HEADER.replace(HLT, HLT + NEW) + "#define P(x) KVM_CAP_##x\n",
}


@pytest.mark.parametrize("header", OTHER.values(), ids=OTHER)
def test_whatever_else_differs_is_evaluated(header: str) -> None:
    assert moved(_sources(HEADER), _sources(header)) is None
    # And the reverse: what is taken away may have mattered too.
    assert moved(_sources(header), _sources(HEADER)) is None


def test_headers_that_are_new_are_evaluated() -> None:
    after = _sources(f'#include "more.h"\n{HEADER}')
    assert moved(_sources(HEADER), after) is None


def test_a_line_that_is_not_known_is_no_place() -> None:
    assert move(_units(_sources(HEADER)), {ROOT: {1: 2}}) is None
