"""The whole ledger: by kind of file, family of names and cause, and the names that macros paste."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
from conftest import QEMU_UAPI, UAPI, X86, bare_kernel, bare_qemu

from caplint.c.tables import tables
from caplint.config.settings import Config
from caplint.coverage.causes import Cause, Spot, causes
from caplint.coverage.ledger import FamilyCoverage, KindCoverage, Ledger, read_ledger
from caplint.coverage.pasted_names import Pasted
from caplint.knowledge.load import knowledge
from caplint.report.ledger import WIDTH, as_object, lines
from caplint.report.style import Style
from caplint.session import open_session
from caplint.trees.tree import Tree

INFO = "#define KVM_CAP_INFO(CAP) { stringify(CAP), KVM_CAP_##CAP }\n"
LIST = "static const KVMCapabilityInfo list[] = {\n\tKVM_CAP_INFO(IRQCHIP),\n\tKVM_CAP_INFO(HLT),\n};\n"


def _read(*trees: Tree) -> Ledger:
    session = open_session(list(trees), Config(cache="none", jobs=1))
    try:
        return read_ledger(session.connection, session.trees, tables())
    finally:
        session.store.close()


def _text(ledger: Ledger) -> list[str]:
    return list(lines(ledger, Style()))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("include/uapi/linux/kvm.h", "UAPI header"),
        ("tools/arch/x86/include/uapi/asm/kvm.h", "UAPI header"),
        ("linux-headers/asm-arm64/kvm.h", "UAPI header"),
        ("arch/arm64/kvm/trace_arm.h", "trace header"),
        ("arch/x86/kvm/mmu/mmutrace.h", "trace header"),
        ("arch/powerpc/include/asm/kvm_book3s_asm.h", "assembler header"),
        ("arch/arm64/include/asm/kvm_ptrauth.h", "assembler header"),
        ("arch/x86/kvm/x86.c", "C source"),
        ("target/i386/ops.c.inc", "C source"),
        ("virt/kvm/kvm_mm.h", "C header"),
        ("Documentation/virt/kvm/api.rst", "documentation"),
        ("arch/s390/kvm/Kconfig", "Kconfig"),
        ("virt/kvm/Makefile.kvm", "Makefile"),
        ("target/arm/meson.build", "meson"),
        ("COPYING", "other"),
    ],
)
def test_kinds_of_files(path: str, kind: str) -> None:
    assert knowledge().file_kind(path) == kind
    assert kind in knowledge().file_kinds


def test_each_tree_is_told_by_kind_of_file(tmp_path: Path) -> None:
    damaged = "int f(int a)\n{\n\treturn (a;\n}\nint g(int a)\n{\n\treturn a;\n}\n"
    ledger = _read(
        bare_kernel(tmp_path / "k", {"arch/x86/kvm/a.c": damaged, "arch/x86/kvm/trace.h": "int a;\n"}),
        bare_qemu(tmp_path / "q", {}),
    )
    blind = sum(spot.stop - spot.start for spot in ledger.spots)
    assert ledger.kinds == [
        KindCoverage("kernel", "UAPI header", 1, 0, 0, 0, 0, 0),
        KindCoverage("kernel", "trace header", 1, 7, 0, 0, 0, 0),
        KindCoverage("kernel", "C source", 2, len(damaged), 2, 1, len(ledger.spots), blind),
        KindCoverage("qemu", "UAPI header", 1, 0, 0, 0, 0, 0),
        KindCoverage("qemu", "C source", 1, 0, 0, 0, 0, 0),
    ]
    assert len(ledger.spots) > 0
    for column in ("files", "bytes", "functions", "damaged", "blind_bytes"):
        assert sum(getattr(entry, column) for entry in ledger.kinds) == ledger.coverage.total(column)


def test_names_are_told_by_family(tmp_path: Path) -> None:
    code = (
        "int f(u32 msr)\n{\n\tswitch (msr) {\n\tcase MSR_IA32_X:\n\tcase HV_X64_MSR_Y:\n\t\treturn KVM_CAP_A;\n\t}\n}\n"
    )
    header = "#define KVM_CAP_A 1\n#define KVM_RUN _IO(KVMIO, 0x80)\n#define KVM_OTHER 3\n"
    ledger = _read(bare_kernel(tmp_path, {UAPI: header, "arch/x86/kvm/a.c": code, "arch/powerpc/kvm/b.c": code}))
    assert ledger.families == [
        FamilyCoverage("capability", 3, 3, 0, {"return": 2, "definition": 1}),
        FamilyCoverage("ioctl", 1, 1, 0, {"definition": 1}),
        FamilyCoverage("MSR", 2, 2, 0, {"case": 2}),  # of x86 alone: powerpc's MSR_ are bits of a register
    ]


def test_a_name_that_nothing_explains_is_told_with_its_place(tmp_path: Path) -> None:
    ledger = _read(bare_kernel(tmp_path, {"arch/x86/kvm/a.c": "int a;\n= MSR_IA32_X = =\n"}))
    (family,) = (entry for entry in ledger.families if entry.family == "MSR")
    assert (family.tokens, family.explained, family.unaccounted) == (1, 0, 1)
    assert "  kernel:arch/x86/kvm/a.c:2:3: MSR_IA32_X" in _text(ledger)


def test_pasted_names_count_with_the_definition_at_hand(tmp_path: Path) -> None:
    files = {"include/sysemu/kvm.h": INFO, "target/i386/kvm/kvm.c": LIST}
    ledger = _read(bare_qemu(tmp_path, files))
    assert ledger.coverage.pasted == [
        Pasted("qemu", "target/i386/kvm/kvm.c", line, 2, "KVM_CAP_INFO", name, ("include/sysemu/kvm.h", 1))
        for line, name in ((2, "KVM_CAP_IRQCHIP"), (3, "KVM_CAP_HLT"))
    ]
    assert ledger.families[0].kinds == {"call": 2, "pasted": 2, "definition": 1, "pasted part": 1}
    assert ledger.coverage.total("tokens") == ledger.families[0].tokens == 6
    assert "          defined in qemu:include/sysemu/kvm.h:1" in _text(ledger)


def test_a_pasting_macro_that_is_not_in_view_is_said_to_be_missing(tmp_path: Path) -> None:
    ledger = _read(bare_qemu(tmp_path, {"target/i386/kvm/kvm.c": LIST}))
    assert [(entry.line, entry.name, entry.defined) for entry in ledger.coverage.pasted] == [
        (2, None, None),
        (3, None, None),
    ]
    assert ledger.families[0].kinds == {"call": 2, "pasted, definition missing": 2}
    text = _text(ledger)
    assert "       2  KVM_CAP_INFO(), first in qemu:target/i386/kvm/kvm.c:2" in text
    assert "          no definition in the files that were read" in text


@pytest.mark.parametrize(
    ("macro", "use", "name"),
    [
        ("#define CASE(x) case KVM_CAP_ ## x:\n", "int f(int a)\n{\n\tg(CASE(HLT));\n}\n", "KVM_CAP_HLT"),
        ("#define TWO(a, b) KVM_CAP_##b##_##a\n", "int a = TWO(X, Y);\n", "KVM_CAP_Y_X"),
        ("#define REG(x) MSR_IA32_##x\n", "int a = REG(TSC);\n", "MSR_IA32_TSC"),
        ("#define LINE(x) int a_##x = KVM_CAP_##x;\n", "LINE(HLT)\nLINE(X)\n", "KVM_CAP_HLT"),
        ("#define NONE(x) KVM_REG_##x\n", "int a = NONE(TSC);\n", None),
        ("#define PLAIN(x) (KVM_CAP_HLT + x)\n", "int a = PLAIN(TSC);\n", None),
        ("#define OTHER(x) KVM_CAP_##y\n", "int a = OTHER(TSC);\n", None),
        ("#define FEW(x, y) KVM_CAP_##y\n", "int a = FEW(TSC);\n", None),
        ("#define WORDS(x) KVM_CAP_##x\n", "int a = WORDS(a + b);\n", None),
    ],
)
def test_what_is_pasted(tmp_path: Path, macro: str, use: str, name: str | None) -> None:
    ledger = _read(bare_kernel(tmp_path, {"arch/x86/kvm/a.c": macro + use}))
    assert next((entry.name for entry in ledger.coverage.pasted), None) == name


def test_the_definition_in_the_same_file_is_in_force(tmp_path: Path) -> None:
    files = {
        "arch/x86/kvm/a.c": "#define CAP(x) KVM_CAP_S390_##x\nint a = CAP(A);\n",
        "arch/x86/kvm/b.c": "#define CAP(x) KVM_CAP_X86_##x\nint a = CAP(A);\n",
    }
    names = [(entry.path, entry.name) for entry in _read(bare_kernel(tmp_path, files)).coverage.pasted]
    assert names == [("arch/x86/kvm/a.c", "KVM_CAP_S390_A"), ("arch/x86/kvm/b.c", "KVM_CAP_X86_A")]


def test_blind_spots_are_grouped_by_cause() -> None:
    spots = [
        Spot("k", "b.c", 7, 0, 5, "syntax not understood", "__odd"),
        Spot("k", "a.c", 9, 0, 5, "syntax not understood", "__odd"),
        Spot("k", "a.c", 3, 0, 5, "syntax not understood", "__odd"),
        Spot("k", "a.c", 1, 0, 0, "`;` expected", "__odd"),
        Spot("k", "c.c", 1, 0, 50, "contains NUL bytes", None),
        Spot("k", "c.c", 2, 0, 1, "syntax not understood", None),
    ]
    assert causes(spots) == [
        Cause("contains NUL bytes", None, 1, 50, 1, ("k", "c.c", 1)),
        Cause("syntax not understood", "__odd", 3, 15, 2, ("k", "a.c", 3)),
        Cause("syntax not understood", None, 1, 1, 1, ("k", "c.c", 2)),
        Cause("`;` expected", "__odd", 1, 0, 1, ("k", "a.c", 1)),
    ]


def test_the_word_that_troubled_the_parser_is_named(tmp_path: Path) -> None:
    ledger = _read(
        bare_kernel(tmp_path, {"arch/x86/kvm/a.c": "int __odd f(void)\n{\n}\n", "arch/x86/kvm/b.c": "#endif\n"})
    )
    assert [(spot.path, spot.token) for spot in ledger.spots] == [
        ("arch/x86/kvm/a.c", "__odd"),
        ("arch/x86/kvm/b.c", None),
    ]


def test_the_text_fits_a_terminal(tmp_path: Path) -> None:
    odd = {f"arch/x86/kvm/{name}.c": f"int __{name} f(void)\n{{\n}}\n" for name in "abcdefghijklmn"}
    lists = {"include/sysemu/kvm.h": INFO, "target/i386/kvm/kvm.c": LIST, QEMU_UAPI: "#define KVM_CAP_HLT 1\n"}
    ledger = _read(bare_kernel(tmp_path / "k", odd), bare_qemu(tmp_path / "q", lists))
    text = _text(ledger)
    assert max(map(len, text)) <= WIDTH
    assert "                          … and 4 causes more; --output-format json lists all" in text
    assert len([line for line in text if line.endswith(": syntax not understood")]) == 10 + 14


def test_layouts_that_are_not_known(tmp_path: Path) -> None:
    header = "#include <linux/types.h>\n#include <linux/ioctl.h>\n#define KVMIO 0xAE\n"
    header += "\n#define KVM_A _IOW(KVMIO, 1, struct a)\n"
    header += "struct a {\n\tpid_t who;\n};\nstruct b {\n\tstruct a a;\n};\n#define KVM_B _IOW(KVMIO, 2, struct b)\n"
    ledger = _read(
        bare_qemu(tmp_path, {QEMU_UAPI: header, "linux-headers/asm-x86/kvm.h": "struct c {\n\tint d;\n};\n"})
    )
    (entry,) = ledger.layouts
    assert (entry.path, entry.line, entry.name, entry.abis) == (QEMU_UAPI, 6, "struct a", ["i386", "x86_64"])
    text = _text(ledger)
    assert "structures, ioctls and headers of the UAPI with unknown layout" in text
    assert any(f"{QEMU_UAPI}:6: struct a (i386, x86_64): " in line for line in text)
    assert as_object(ledger)["unknown_layouts"] == [entry._asdict()]


MSR_HANDLER = """\
static const u32 emulated_msrs_all[] = {
	MSR_A, MSR_B,
};
int kvm_get_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr_info)
{
	switch (msr_info->index) {
	case MSR_A:
	case MSR_B:
		msr_info->data = 0;
		break;
	}
	return 0;
}
"""


def test_what_has_no_number_is_said(tmp_path: Path) -> None:
    files = {"arch/x86/include/asm/msr-index.h": "#define MSR_A 0x10\n", UAPI: "#define KVM_CAP_X (KVM_Y + 1)\n"}
    ledger = _read(bare_kernel(tmp_path, {**files, X86: MSR_HANDLER}))
    assert [entry[1:] for entry in ledger.unnumbered] == [
        (X86, 2, 9, "MSR_B"), (X86, 8, 7, "MSR_B"), (UAPI, 1, 9, "KVM_CAP_X"),
    ]  # fmt: skip
    assert [tree.unnumbered for tree in ledger.coverage.trees] == [3]
    assert as_object(ledger)["unnumbered"] == [entry._asdict() for entry in ledger.unnumbered]
    text = _text(ledger)
    start = text.index("MSRs and capabilities with unknown number (perhaps a header is missing)")
    assert text[start + 1 : start + 3] == [
        f"  MSR_B: kernel:{X86}:2 and 1 more place",
        f"  KVM_CAP_X: kernel:{UAPI}:1",
    ]
    assert "3 places of MSRs or capabilities with unknown number" in text


def test_where_all_have_numbers_nothing_is_said(tmp_path: Path) -> None:
    files = {"arch/x86/include/asm/msr-index.h": "#define MSR_A 0x10\n#define MSR_B 0x11\n"}
    ledger = _read(bare_kernel(tmp_path, {**files, X86: MSR_HANDLER}))
    assert ledger.unnumbered == []
    assert not any("number" in line for line in _text(ledger))


def test_nothing_of_a_tree_reaches_the_terminal_raw(tmp_path: Path) -> None:
    ledger = _read(bare_kernel(tmp_path, {"arch/x86/kvm/\x1b.c": "int __odd f(void)\n{\n}\n= KVM_CAP_X = =\n"}))
    assert "\x1b" not in "\n".join(_text(ledger))


def test_the_object_fits_its_schema(tmp_path: Path) -> None:
    files = {"include/sysemu/kvm.h": INFO, "target/i386/kvm/kvm.c": LIST + "= KVM_CAP_X = =\n", "accel/kvm/a.c": "a\0"}
    ledger = _read(bare_qemu(tmp_path, files))
    schema = json.loads(resources.files("caplint").joinpath("schemas/coverage.json").read_text("utf-8"))
    found = as_object(ledger)
    jsonschema.validate(json.loads(json.dumps(found)), schema)
    assert all(found[part] for part in ("pasted", "causes", "blind", "unaccounted"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**found, "causes": [{}]}, schema)
