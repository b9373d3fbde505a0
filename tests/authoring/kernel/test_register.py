"""MSR of a capability: its definition, its cases in the handlers, and its entry in the list of registers to save."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from conftest import X86
from written import fresh, kernel, new_lines, text, workshop

from caplint.authoring.kernel.register import define, write
from caplint.authoring.request import CapabilityRequest, parse
from caplint.authoring.topic import Topic
from caplint.authoring.workshop import Workshop
from caplint.util.errors import CaplintError

MSRS = "arch/x86/include/asm/msr-index.h"
HOST = "arch/x86/include/asm/kvm_host.h"
LIST = "static const u32 emulated_msrs_all[] = {\n\tMSR_PLATFORM_INFO,\n};\n"
BELL = parse("KVM_CAP_X86_BELL", archs=["x86"], arguments="bool", register="BELL=0x1234:rw")


@pytest.fixture(scope="module")
def mini() -> Iterator[Workshop]:
    with workshop(kernel()) as place:
        yield place


def _numbered(number: int, *, is_defined: bool = False) -> CapabilityRequest:
    assert BELL.register is not None
    return replace(BELL, register=replace(BELL.register, number=number, is_defined=is_defined))


@pytest.mark.parametrize(
    ("number", "above"),
    [
        (0x50, "#define MSR_PPIN 0x0000004f\n"),
        (0x1, "#define MSR_IA32_TSC 0x00000010\n"),  # before all: below the first
        (0x1C5, "#define MSR_IA32_XFD 0x000001c4\n"),  # numbers need not be in order
        (0xFFFFFFFF, "#define MSR_KERNEL_GS_BASE 0xc0000102\n"),
    ],
)
def test_it_is_defined_below_the_number_before_it(mini: Workshop, number: int, above: str) -> None:
    topic = fresh(mini)
    define(_numbered(number), topic)
    assert f"{above}#define MSR_BELL\t\t\t0x{number:08x}\n" in text(topic, MSRS)
    assert len(new_lines(topic)) == 1


@pytest.mark.parametrize("request_", [_numbered(0x4F, is_defined=True), replace(BELL, register=None)])
def test_what_a_header_has_is_not_defined_again(mini: Workshop, request_: CapabilityRequest) -> None:
    topic = fresh(mini)
    define(request_, topic)
    assert topic.files == {}


@pytest.mark.parametrize("header", [b"", b"#define MSR_ONE (MSR_BASE + 1)\n#define MSR_TWO 0x10\n"])
def test_a_header_without_plain_definitions_lacks_the_place(header: bytes) -> None:
    with workshop(kernel({MSRS: header})) as place, pytest.raises(CaplintError, match="lacks the place to define MSR_"):
        define(BELL, fresh(place))


def _written(place: Workshop, request: CapabilityRequest = BELL) -> Topic:
    topic = fresh(place)
    write(request, topic)
    return topic


GATE = "\t\tif (!msr_info->host_initiated &&\n\t\t    !vcpu->kvm->arch.bell_enabled)\n\t\t\treturn 1;\n"


def _without_comments(topic: Topic, reason: str) -> str:
    lines = new_lines(topic, reason)
    return "".join(f"{line}\n" for line in lines if not line.lstrip().startswith(("/*", "* ", "*/")))


def test_a_guest_needs_the_capability_and_user_space_does_not(mini: Workshop) -> None:
    topic = _written(mini)
    end = "\t\tbreak;\n"
    assert _without_comments(topic, "answers reads") == (
        f"\tcase MSR_BELL:\n{GATE}\t\tmsr_info->data = vcpu->arch.msr_bell;\n{end}"
    )
    assert _without_comments(topic, "takes writes") == (
        f"\tcase MSR_BELL:\n{GATE}\t\tvcpu->arch.msr_bell = msr_info->data;\n{end}"
    )


def test_a_guest_never_writes_a_register_that_it_only_reads(mini: Workshop) -> None:
    request = parse("KVM_CAP_X86_BELL", archs=["x86"], register="BELL=0x1234:ro")
    topic = _written(mini, request)
    assert GATE in _without_comments(topic, "answers reads")
    assert "case MSR_BELL:\n\t\tif (!msr_info->host_initiated)\n\t\t\treturn 1;\n" in _without_comments(
        topic, "takes w"
    )


def test_places(mini: Workshop) -> None:
    """The value in each vCPU, cases above `default`, and the entry at the list's end."""
    topic = _written(mini)
    host, code = text(topic, HOST), text(topic, X86)
    assert host.index("struct kvm_vcpu_arch {") < host.index("\tu64 msr_bell;\n") < host.index("u64 mce_banks")
    for function in ("kvm_get_msr_common", "kvm_set_msr_common"):
        body = code.partition(f"int {function}(")[2].partition("\n}\n")[0]
        assert body.index("#endif\n\tcase MSR_BELL:") < body.index("\tdefault:")
    listed = code.partition("emulated_msrs_all[] = {\n")[2].partition("};")[0]
    assert listed.startswith("\tMSR_PLATFORM_INFO,\n\t/*")
    assert listed.endswith("\tMSR_BELL,\n")


def test_people_are_asked_what_only_they_know(mini: Workshop) -> None:
    topic = _written(mini)
    words = ("sharing", "host value", "reset", "migration")
    assert [found.subject for found in topic.decisions] == [f"{word} of BELL" for word in words]
    for found in topic.decisions:
        assert f"Decision ({found.subject}):" in text(topic, found.path)


def test_a_capability_without_a_register_writes_nothing(mini: Workshop) -> None:
    assert _written(mini, replace(BELL, register=None)).files == {}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (LIST, "", "to list MSR_BELL: no list of emulated MSRs is known"),
        (LIST, LIST.replace("INFO,\n", "INFO\n"), rf"to list MSR_BELL: {X86}:\d+ does not end in a comma"),
        (LIST, LIST.replace("\tMSR_P", "#ifdef CONFIG_X\n\tMSR_P").replace("};", "#endif\n};"), "no list of emulated"),
        ("int kvm_get_msr_common(struct kvm_vcpu *vcpu, ", "int kvm_get_msr_common(struct kvm_vcpu *vcpu, int why, ",
         "to get the register: no switch of"),
        ("\tdefault:\n\t\treturn 1;\n\t}\n\treturn 0;\n}\nEXPORT_SYMBOL_GPL(kvm_set_msr_common);",
         "\t}\n\treturn 0;\n}\nEXPORT_SYMBOL_GPL(kvm_set_msr_common);", "to set the register: no switch of"),
    ],
)  # fmt: skip
def test_a_kernel_that_lacks_a_place(old: str, new: str, told: str) -> None:
    code = kernel().read(X86).decode()
    assert old in code
    with workshop(kernel({X86: code.replace(old, new).encode()})) as place, pytest.raises(CaplintError, match=told):
        _written(place)
