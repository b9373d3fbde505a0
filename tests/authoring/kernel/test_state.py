"""State that enabling sets: where it is declared, how it is read and set, and which values it may have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import bare_kernel
from written import fresh, kernel, new_lines, text, workshop

from caplint.authoring.kernel.state import EnabledState, limit, state, want_new, write
from caplint.authoring.request import parse
from caplint.authoring.topic import Topic
from caplint.authoring.workshop import Workshop
from caplint.util.errors import CaplintError

X86 = "arch/x86/include/asm/kvm_host.h"
ARM = "arch/arm64/include/asm/kvm_host.h"
HEADERS = {"x86": X86, "arm64": ARM, "generic": "include/linux/kvm_host.h"}


@pytest.fixture(scope="module")
def mini() -> Iterator[Workshop]:
    with workshop(kernel()) as place:
        yield place


@pytest.mark.parametrize(
    ("arch", "kind", "declared", "expression"),
    [
        ("x86", "bool", "\tbool bell_enabled;", "kvm->arch.bell_enabled"),
        ("x86", "none", "\tbool bell_enabled;", "kvm->arch.bell_enabled"),
        ("x86", "mask:A", "\tu64 bell_mask;", "kvm->arch.bell_mask"),
        ("x86", "size", "\tu64 bell_size;", "kvm->arch.bell_size"),
        ("x86", "fd", "\tstruct eventfd_ctx *bell_eventfd;", "kvm->arch.bell_eventfd"),
        ("generic", "bool", "\tbool bell_enabled;", "kvm->bell_enabled"),
        ("generic", "fd", "\tstruct eventfd_ctx *bell_eventfd;", "kvm->bell_eventfd"),
        # A VM's flag, where the architecture has some; not for numbers.
        ("arm64", "bool", "#define KVM_ARCH_FLAG_BELL_ENABLED 2",
         "test_bit(KVM_ARCH_FLAG_BELL_ENABLED, &kvm->arch.flags)"),
        ("arm64", "mask:A", "\tu64 bell_mask;", "kvm->arch.bell_mask"),
    ],
)  # fmt: skip
def test_state_of_a_vm(mini: Workshop, arch: str, kind: str, declared: str, expression: str) -> None:
    request = parse("KVM_CAP_BELL", archs=[] if arch == "generic" else [arch], arguments=kind)
    found = state(request, mini, arch)
    assert (found.path, found.declaration, found.variable) == (HEADERS[arch], declared, "kvm")
    assert found.read("kvm") == expression


@pytest.mark.parametrize(("arch", "chain"), [("x86", "arch."), ("s390", "arch."), ("generic", "")])
def test_state_of_a_vcpu_is_a_member(mini: Workshop, arch: str, chain: str) -> None:
    request = parse("KVM_CAP_BELL", archs=[] if arch == "generic" else [arch], scope="vcpu", arguments="bool")
    found = state(request, mini, arch)
    assert (found.read("vcpu"), found.variable) == (f"vcpu->{chain}bell_enabled", "vcpu")


MEMBER = EnabledState("a.h", 1, "", "kvm", "arch.bell_size", None)
BIT = EnabledState("a.h", 1, "", "kvm", "arch.flags", "BELL")


def test_how_it_is_set() -> None:
    assert MEMBER.store("vm", "cap->args[0]") == ["vm->arch.bell_size = cap->args[0];"]
    assert BIT.store("vm", "true") == ["set_bit(BELL, &vm->arch.flags);"]
    assert BIT.store("vm", "cap->args[0]") == [
        "if (cap->args[0])", "\tset_bit(BELL, &vm->arch.flags);", "else", "\tclear_bit(BELL, &vm->arch.flags);",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "declared"),
    [
        (["FIRST 0"], "#define KVM_ARCH_FLAG_BELL_ENABLED 1"),
        (["A\t\t\t\t1"], "#define KVM_ARCH_FLAG_BELL_ENABLED\t\t2"),
        (["A\t\t\t1"], "#define KVM_ARCH_FLAG_BELL_ENABLED\t2"),
        (["A\t\t1"], "#define KVM_ARCH_FLAG_BELL_ENABLED 2"),
        (["A_RATHER_LONG_NAME_OF_A_FLAG\t\t1"], "#define KVM_ARCH_FLAG_BELL_ENABLED\t\t\t\t2"),
        # The highest number counts, wherever it stands and however it is written.
        (["B 9", "A 1", "C 10"], "#define KVM_ARCH_FLAG_BELL_ENABLED 11"),
        (["C 10", "A 1", "B 9"], "#define KVM_ARCH_FLAG_BELL_ENABLED 11"),
        (["A 0", "B (1)", "C 0x2"], "#define KVM_ARCH_FLAG_BELL_ENABLED 3"),
        (["A 1", f"B {'9' * 5_000}"], "#define KVM_ARCH_FLAG_BELL_ENABLED 2"),
        # None of them is a number: a member of its own
        (["A BIT(1)"], "\tbool bell_enabled;"),
        ([], "\tbool bell_enabled;"),
    ],
)
def test_flags_are_counted_on(tmp_path: Path, flags: list[str], declared: str) -> None:
    defined = "".join(f"#define KVM_ARCH_FLAG_{flag}\n" for flag in flags)
    files = {ARM: f"{defined}\nstruct kvm_arch {{\n\tunsigned long flags;\n}};\n"}
    with workshop(bare_kernel(tmp_path, files)) as place:
        found = state(parse("KVM_CAP_BELL", archs=["arm64"]), place, "arm64")
        assert found.declaration == declared
        if flags == ["C 10", "A 1", "B 9"]:
            assert found.line == 1


def test_flags_without_a_member_for_them_are_others(tmp_path: Path) -> None:
    files = {ARM: "#define KVM_ARCH_FLAG_A 1\nstruct kvm_arch {\n\tunsigned long bits;\n};\n"}
    with workshop(bare_kernel(tmp_path, files)) as place:
        found = state(parse("KVM_CAP_BELL", archs=["arm64"]), place, "arm64")
        assert (found.flag, found.declaration) == (None, "\tbool bell_enabled;")


@pytest.mark.parametrize(
    ("name", "where"), [("KVM_ARCH_FLAG_MTE_ENABLED", ARM), ("pkvm_ext_allowed", ARM), ("kvm_get_msr_common", "x86.c")]
)
def test_a_name_of_a_macro_or_function_is_taken(mini: Workshop, name: str, where: str) -> None:
    with pytest.raises(CaplintError, match=f"{name} exists already, at .*{where}:[0-9]+; choose another name"):
        want_new(mini, name)
    want_new(mini, f"{name}_too")


def _written(place: Workshop, kind: str = "none", arch: str = "x86", **more: str) -> Topic:
    topic = fresh(place)
    write(parse("KVM_CAP_BELL", archs=[arch] if arch else [], arguments=kind, **more), topic)
    return topic


def test_the_rest_of_kvm_asks_by_a_macro(mini: Workshop) -> None:
    assert new_lines(_written(mini, "bool"), "how KVM asks") == [
        "#define kvm_bell_enabled(kvm) \\", "\t((kvm)->arch.bell_enabled)", "",
    ]  # fmt: skip
    assert new_lines(_written(mini, "fd"), "how KVM asks") == [], "a descriptor is used by code of its own"
    vcpu = _written(mini, "bool", scope="vcpu")
    assert "\t((vcpu)->arch.bell_enabled)" in new_lines(vcpu, "how KVM asks")


def test_what_is_valid_is_defined_once_for_the_code_and_the_documentation(mini: Workshop) -> None:
    request = parse("KVM_CAP_BELL", archs=["x86"], arguments="mask:A,B,C")
    assert limit(request) == "KVM_BELL_VALID_MASK"
    assert new_lines(_written(mini, "mask:A,B,C"), "what is valid")[:4] == [
        "#define KVM_BELL_VALID_MASK \\", "\t(KVM_BELL_A | \\", "\t KVM_BELL_B | \\", "\t KVM_BELL_C)",
    ]  # fmt: skip
    assert new_lines(_written(mini, "mask:A"), "what is valid")[:2] == [
        "#define KVM_BELL_VALID_MASK \\",
        "\t(KVM_BELL_A)",
    ]
    largest = _written(mini, "size")
    assert "#define KVM_BELL_MAX 4096" in new_lines(largest, "what is valid")
    assert "largest BELL" in [found.subject for found in largest.decisions]


def test_a_number_that_is_only_answered_has_a_limit_and_no_state(mini: Workshop) -> None:
    topic = _written(mini, "none", answer="count", scope="none")
    assert "#define KVM_BELL_MAX 4096" in new_lines(topic)
    assert "bool bell_enabled" not in text(topic, X86)
    assert _written(mini, "none", scope="none").files == {}


def test_who_migrates_it_is_asked_beside_the_state(mini: Workshop) -> None:
    topic = _written(mini, "bool")
    lines = text(topic, X86).splitlines()
    at = lines.index("\tbool bell_enabled;")
    assert "\tbool enable_pmu;" in lines[: at - 1]
    assert "Decision (migration of KVM_CAP_BELL)" in " ".join(lines[at - 5 : at])
    assert "User space, which enables the capability there" in topic.decisions[0].default
    assert "which issues KVM_SET_BELL there" in _written(mini, "bool", ioctl="KVM_SET_BELL").decisions[0].default


ACCESSOR = "#define kvm_a(kvm) \\\n\t((kvm)->arch.a)\n"
STRUCT = "#ifndef A\n#define A\nstruct kvm_arch {\n\tbool a;\n};\n"


@pytest.mark.parametrize(
    ("header", "above"),
    [
        (f"{STRUCT}{ACCESSOR}int f(void);\n#endif\n", f"{ACCESSOR}\n#define kvm_bell"),
        (f"{STRUCT}#ifdef B\n{ACCESSOR}#endif\nint f(void);\n#endif\n", "int f(void);\n#define kvm_bell"),
        (f"{STRUCT}int f(void);\n#endif\n", "int f(void);\n#define kvm_bell"),
    ],
)
def test_macros_stand_beside_their_like(tmp_path: Path, header: str, above: str) -> None:
    with workshop(bare_kernel(tmp_path, {X86: header})) as place:
        assert above in text(_written(place, "bool"), X86)


def test_a_header_without_a_guard_has_no_end(tmp_path: Path) -> None:
    with (
        workshop(bare_kernel(tmp_path, {X86: "struct kvm_arch {\n\tbool a;\n};\n"})) as place,
        pytest.raises(CaplintError, match=f"lacks the place to define KVM_BELL_MAX: {X86} has no guard"),
    ):
        _written(place, "bool")
