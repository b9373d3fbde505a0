"""Accesses to MSRs in many shapes of code: are they served where they are listed, and by what are they gated."""

# ruff: noqa: E501 - pieces of C read best on one line

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import X86, Caplint, kernel

INDEX = "arch/x86/include/asm/msr-index.h"
HOST = "arch/x86/include/asm/kvm_host.h"
NUMBERS = "#define MSR_TEA 0x4f\n#define MSR_CUP 0x50\n#define MSR_POT 0x51\n"
STATE = "struct kvm_arch {\n\tbool drinks;\n};\nstruct kvm_vcpu_arch {\n\tu64 tea;\n\tbool has_tea;\n};\n"


def handler(verb: str, body: str, before: str = "", inner: str = "msr_info->index") -> str:
    head = f"int kvm_{verb}_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr_info)\n{{\n\tu64 data = msr_info->data;\n"
    return f"{head}{before}\tswitch ({inner}) {{\n{body}\tdefault:\n\t\treturn 1;\n\t}}\n\treturn 0;\n}}\n"


def findings(tmp_path: Path, caplint: Caplint, code: str, files: dict[str, str], rule: str) -> list[dict[str, str]]:
    plain = (kernel(tmp_path / "plain") / X86).read_text()
    linux = kernel(tmp_path / "linux", {INDEX: NUMBERS, HOST: STATE, X86: plain + code, **files})
    run = caplint("check", "--kernel", linux, "--output-format", "json", "--select", rule)
    found: list[dict[str, str]] = json.loads(run.out)["findings"]
    return found


HAS = "guest_cpuid_has(vcpu, X86_FEATURE_TEA)"
READ = "\t\tmsr_info->data = vcpu->arch.tea;\n\t\tbreak;\n"
WRITE = "\t\tvcpu->arch.tea = data;\n\t\tbreak;\n"
GATE = f"\t\tif (!{HAS})\n\t\t\treturn 1;\n"
HELPER = f"static bool may(struct kvm_vcpu *vcpu)\n{{\n\treturn {HAS};\n}}\n"
SET = "static int put(struct kvm_vcpu *vcpu, u64 data)\n{\n\tif (!may(vcpu))\n\t\treturn 1;\n\tvcpu->arch.tea = data;\n\treturn 0;\n}\n"
READS = {
    "early return": f"\tcase MSR_TEA:\n{GATE}{READ}",
    "host is exempt": f"\tcase MSR_TEA:\n\t\tif (!msr_info->host_initiated && !{HAS})\n\t\t\treturn 1;\n{READ}",
    "braces": f"\tcase MSR_TEA:\n\t\tif ({HAS}) {{\n\t\t\tmsr_info->data = vcpu->arch.tea;\n\t\t\tbreak;\n\t\t}}\n\t\treturn 1;\n",
    "helper": "\tcase MSR_TEA:\n\t\tif (!may(vcpu))\n\t\t\treturn 1;\n" + READ,
    "ternary": f"\tcase MSR_TEA:\n\t\tmsr_info->data = vcpu->arch.tea;\n\t\treturn {HAS} ? 0 : 1;\n",
    "variable": f"\tcase MSR_TEA: {{\n\t\tbool has = {HAS};\n\n\t\tif (!has)\n\t\t\treturn 1;\n{READ}\t}}\n",
    "else": f"\tcase MSR_TEA:\n\t\tif ({HAS})\n\t\t\tmsr_info->data = vcpu->arch.tea;\n\t\telse\n\t\t\treturn 1;\n\t\tbreak;\n",
    "goto": f"\tcase MSR_TEA:\n\t\tif (!{HAS})\n\t\t\tgoto out;\n{READ}\tout:\n\t\treturn 1;\n",
    "comparison": f"\tcase MSR_TEA:\n\t\tif ({HAS} == false)\n\t\t\treturn -EINVAL;\n{READ}",
}
WRITES = {
    "early return": f"\tcase MSR_TEA:\n{GATE}{WRITE}",
    "function": "\tcase MSR_TEA:\n\t\treturn put(vcpu, data);\n",
    "value first": f"\tcase MSR_TEA:\n\t\tif (data & ~7ULL)\n\t\t\treturn 1;\n{GATE}{WRITE}",
}
OPEN_READ = f"\tcase MSR_TEA:\n{READ}"
OPEN_WRITES = {
    "plain": f"\tcase MSR_TEA:\n{WRITE}",
    "value only": f"\tcase MSR_TEA:\n\t\tif (data & ~7ULL)\n\t\t\treturn 1;\n{WRITE}",
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_one_gate_in_two_shapes(tmp_path: Path, caplint: Caplint, read: str, write: str) -> None:
    code = HELPER + SET + handler("get", read) + handler("set", write)
    assert findings(tmp_path, caplint, code, {}, "CAP310") == []


@pytest.mark.parametrize("write", OPEN_WRITES.values(), ids=OPEN_WRITES)
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_an_open_write(tmp_path: Path, caplint: Caplint, read: str, write: str) -> None:
    (found,) = findings(tmp_path, caplint, HELPER + SET + handler("get", read) + handler("set", write), {}, "CAP310")
    assert found["subject"] == "MSR_TEA"
    assert found["function"] == "kvm_set_msr_common"
    assert found["message"] == "can be written by a guest without X86_FEATURE_TEA, which reading needs"


@pytest.mark.parametrize("write", [WRITES["early return"], WRITES["value first"]])
def test_an_open_read(tmp_path: Path, caplint: Caplint, write: str) -> None:
    code = HELPER + SET + handler("get", OPEN_READ) + handler("set", write)
    (found,) = findings(tmp_path, caplint, code, {}, "CAP310")
    assert found["message"] == "can be read by a guest without X86_FEATURE_TEA, which writing needs"


QUIET = {
    "a cached flag": ("\tcase MSR_TEA:\n\t\tif (!vcpu->arch.has_tea)\n\t\t\treturn 1;\n" + READ, WRITES["early return"]),
    "a module parameter": ("\tcase MSR_TEA:\n\t\tif (!tea_time)\n\t\t\treturn 1;\n" + READ, WRITES["early return"]),
    "a function of another file": ("\tcase MSR_TEA:\n\t\tif (!brews(vcpu))\n\t\t\treturn 1;\n" + READ, WRITES["early return"]),
    "user space only": (OPEN_READ, f"\tcase MSR_TEA:\n\t\tif (!msr_info->host_initiated)\n\t\t\treturn 1;\n{GATE}{WRITE}"),
    "no gate at all": (OPEN_READ, OPEN_WRITES["plain"]),
    "ignored write": (OPEN_READ, f"\tcase MSR_TEA:\n\t\tif ({HAS})\n\t\t\tvcpu->arch.tea = data;\n\t\tbreak;\n"),
}  # fmt: skip


@pytest.mark.parametrize(("read", "write"), QUIET.values(), ids=QUIET)
def test_what_may_be_right_is_not_reported(tmp_path: Path, caplint: Caplint, read: str, write: str) -> None:
    assert findings(tmp_path, caplint, handler("get", read) + handler("set", write), {}, "CAP310") == []


def test_a_gate_of_a_caller(tmp_path: Path, caplint: Caplint) -> None:
    entry = """\
int __kvm_get_msr(struct kvm_vcpu *vcpu, u32 index, u64 *data, bool host_initiated)
{
	struct msr_data msr;

	if (index == MSR_TEA && !guest_cpuid_has(vcpu, X86_FEATURE_TEA))
		return 1;
	msr.index = index;
	msr.host_initiated = host_initiated;
	return kvm_get_msr_common(vcpu, &msr);
}
"""
    code = entry + handler("get", OPEN_READ) + handler("set", WRITES["early return"])
    assert findings(tmp_path, caplint, code, {}, "CAP310") == []


LIST = "static const u32 emulated_msrs_all[] = {\n\tMSR_TEA,\n};\n"
BRANCH = "\tcase MSR_TEA ... MSR_POT:\n\t\treturn pot_{verb}(vcpu, msr_info->index, {value});\n"
DELEGATE = "static int pot_{verb}(struct kvm_vcpu *vcpu, u32 msr, u64 {value})\n{{\n{body}}}\n"
TAKES = {
    "case": "\tswitch (msr) {\n\tcase MSR_TEA:\n\t\tvcpu->arch.tea = data;\n\t\treturn 0;\n\t}\n\treturn 1;\n",
    "if": "\tif (msr != MSR_TEA)\n\t\treturn -EINVAL;\n\tvcpu->arch.tea = data;\n\treturn 0;\n",
    "result variable": "\tint r = 1;\n\n\tif (msr == MSR_TEA) {\n\t\tvcpu->arch.tea = data;\n\t\tr = 0;\n\t}\n\treturn r;\n",
    "unknown function": "\treturn brew(vcpu, msr, data);\n",
}
REFUSES = {
    "default": "\tswitch (msr) {\n\tcase MSR_CUP:\n\t\treturn 0;\n\tdefault:\n\t\treturn -EINVAL;\n\t}\n",
    "case": "\tswitch (msr) {\n\tcase MSR_TEA:\n\t\treturn 1;\n\t}\n\treturn 0;\n",
    "if": "\tif (msr == MSR_TEA || data)\n\t\treturn -EINVAL;\n\treturn 0;\n",
    "result variable": "\tint r = 1;\n\n\tif (msr == MSR_CUP)\n\t\tr = 0;\n\treturn r;\n",
}


@pytest.mark.parametrize(("body", "served"), [*((b, True) for b in TAKES.values()), *((b, False) for b in REFUSES.values())],
                         ids=[*TAKES, *REFUSES])  # fmt: skip
def test_a_range_is_followed(tmp_path: Path, caplint: Caplint, body: str, served: bool) -> None:
    get = DELEGATE.format(verb="get", value="*pdata", body="\t*pdata = vcpu->arch.tea;\n\treturn 0;\n")
    put = DELEGATE.format(verb="set", value="data", body=body)
    code = get + put + handler("get", BRANCH.format(verb="get", value="&msr_info->data"))
    code += handler("set", BRANCH.format(verb="set", value="data"))
    found = findings(tmp_path, caplint, LIST + code, {}, "CAP309")
    assert [one["message"] for one in found] == (
        [] if served else ["is listed for saving, and no handler lets user space write it"]
    )


def test_a_helper_that_is_not_followed_is_a_blind_spot(tmp_path: Path, caplint: Caplint) -> None:
    code = HELPER + SET + handler("get", OPEN_READ) + handler("set", WRITES["function"])
    assert findings(tmp_path, caplint, code, {}, "CAP310") == []
    assert "is not followed" in caplint("coverage", "--kernel", tmp_path / "linux").out
