"""Program of a self-test: it asks, has each wrong request refused, and sets the state, in the library's terms."""

from __future__ import annotations

import re

import pytest

from caplint.authoring.kernel.selftest_program import program
from caplint.authoring.request import parse

OLD = "void vm_init_descriptor_tables(struct kvm_vm *vm);\nuint8_t rdmsr_safe(uint32_t msr, uint64_t *value);\n"
NEW = "BUILD_MSR_SAFE_HELPERS(rdmsr)\n"
CALLS = "#define GUEST_SYNC(stage) ucall(stage)\n"


def _program(processor: str = "", calls: str = CALLS, **options: str) -> str:
    return "\n".join(program(parse("KVM_CAP_X86_BELL", archs=["x86"], **options), processor, calls))


def _main(text: str) -> str:
    return text.partition("int main(")[2]


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({}, ["1"]), ({"arguments": "bool"}, ["2"]), ({"arguments": "mask:A"}, ["~ALL_BITS"]),
        ({"arguments": "size"}, ["-1ULL"]), ({"arguments": "fd"}, ["-1ULL", "other"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ioctl", [None, "KVM_SET_BELL"])
def test_each_wrong_value_is_refused(options: dict[str, str], wrong: list[str], ioctl: str | None) -> None:
    main = _main(_program(**options, **({"ioctl": ioctl} if ioctl else {})))
    values = re.findall(r'refused\(vm, (?:0, )?([^,]+)(?:, 0)?, EINVAL, "a wrong value"\);', main)
    assert values == wrong


@pytest.mark.parametrize(
    ("options", "others"),
    [
        ({}, ["a flag", "an unknown argument"]),
        ({"arguments": "bool", "ioctl": "KVM_SET_BELL"}, ["a flag", "a reserved member"]),
        ({"ioctl": "KVM_SET_BELL"}, []),  # its argument is all that there is
    ],
)
def test_everything_beside_the_value_has_to_be_0(options: dict[str, str], others: list[str]) -> None:
    found = re.findall(r'"(a flag|an unknown argument|a reserved member)"', _main(_program(**options)))
    assert found == others


def test_the_state_is_set_after_the_refusals_and_before_a_vcpu() -> None:
    main = _main(_program(arguments="bool"))
    order = ["TEST_REQUIRE(kvm_has_cap(KVM_CAP_X86_BELL));", "vm = vm_create_barebones();", "vm_check_cap(vm,",
             '"a flag"', '"a wrong value"', "TEST_ASSERT(!enable(vm, 0, 1, 0)", "kvm_vm_free(vm);",
             "vm = vm_create_with_one_vcpu(&vcpu, guest_code);", 'refused(vm, 0, 1, 0, EINVAL, "a vCPU");',
             "return 0;"]  # fmt: skip
    places = [main.index(words) for words in order]
    assert places == sorted(places)


def test_a_vcpu_is_asked_by_its_own_descriptor() -> None:
    text = _program(scope="vcpu", arguments="bool")
    assert "return __vcpu_ioctl(vcpu, KVM_ENABLE_CAP, &cap);" in text
    assert "TEST_ASSERT(!enable(vcpu, 0, 1, 0)" in _main(text)
    assert '"a vCPU"' not in text
    assert "vm_create_barebones" not in text


@pytest.mark.parametrize(
    ("options", "test"),
    [
        ({}, "KVM_CAP_X86_BELL) == 1,"),
        ({"answer": "mask", "arguments": "mask:A,B"}, "KVM_CAP_X86_BELL) == ALL_BITS,"),
        ({"answer": "count", "arguments": "size"}, "KVM_CAP_X86_BELL) > 0,"),
        ({"arguments": "mask:FAR=40"}, "KVM_CAP_X86_BELL) == 1,"),
    ],
)
def test_the_answer(options: dict[str, str], test: str) -> None:
    assert f"TEST_ASSERT(vm_check_cap(vm, {test}" in _program(**options)


@pytest.mark.parametrize(
    ("bits", "defined"),
    [
        ("A", "#define ALL_BITS (KVM_X86_BELL_A)"),
        ("A,B", "#define ALL_BITS (KVM_X86_BELL_A | \\\n\t\t  KVM_X86_BELL_B)"),
        ("A,B,C", "#define ALL_BITS (KVM_X86_BELL_A | \\\n\t\t  KVM_X86_BELL_B | \\\n\t\t  KVM_X86_BELL_C)"),
    ],
)
def test_all_bits(bits: str, defined: str) -> None:
    assert f"\n{defined}\n" in _program(arguments=f"mask:{bits}")


@pytest.mark.parametrize(
    ("ioctl", "subject", "done"), [(None, "KVM_CAP_X86_BELL", "enabled"), ("KVM_SET_BELL", "KVM_SET_BELL", "set")]
)
def test_a_failure_says_what_was_done(ioctl: str | None, subject: str, done: str) -> None:
    text = _program(arguments="bool", **({"ioctl": ioctl} if ioctl else {}))
    assert f'"{subject} with %s: expected errno %d, got %d (errno %d)"' in text
    assert f'"It cannot be {done}"' in text


def test_what_is_only_asked_for_is_not_set() -> None:
    text = _program(scope="none")
    for words in ("refused", "KVM_ENABLE_CAP", "guest_code", "<errno.h>", "struct kvm_vcpu", "ucall_common.h"):
        assert words not in text


def test_a_descriptor_is_taken_once_and_closed() -> None:
    main = _main(_program(arguments="fd"))
    order = ["fd = eventfd(0, 0);", "TEST_ASSERT(!enable(vm, 0, fd, 0)", '"a second descriptor"', "close(fd);"]
    places = [main.index(words) for words in order]
    assert places == sorted(places)
    assert "#include <sys/eventfd.h>" in _program(arguments="fd")
    assert "eventfd" not in _program(arguments="size")


def test_an_ioctl_is_called_with_its_structure() -> None:
    text = _program(arguments="bool", ioctl="KVM_SET_BELL")
    assert "\tstruct kvm_set_bell args = {\n\t\t.value = arg,\n\t\t.flags = flags,\n" in text
    assert "return __vm_ioctl(vm, KVM_SET_BELL, &args);" in text
    assert "and the use of KVM_SET_BELL." in text
    assert "KVM_ENABLE_CAP" not in text
    assert "return __vm_ioctl(vm, KVM_SET_BELL, (void *)arg);" in _program(ioctl="KVM_SET_BELL")


@pytest.mark.parametrize(("processor", "tables"), [(OLD, True), (NEW, False)])
def test_a_guest_reads_the_register_with_and_without_the_capability(processor: str, tables: bool) -> None:
    text = _program(processor, register="BELL=0x1234")
    main = _main(text)
    assert main.index("test_register(false);") < main.index("test_register(true);")
    assert "vector = rdmsr_safe(MSR_BELL, &value);" in text
    assert "#ifndef MSR_BELL\n#define MSR_BELL 0x1234\n#endif\n" in text
    body = text.partition("static void test_register(bool enabled)")[2].partition("\n}")[0]
    assert ("vm_init_descriptor_tables(vm);" in body) is tables
    assert body.index("\tif (enabled)\n\t\tTEST_ASSERT(!enable(") < body.index("vm_vcpu_add(") < body.index("vcpu_run(")


def test_a_library_that_cannot_read_registers_does_not_test_them() -> None:
    text = _program("int other;\n", register="BELL=0x1234")
    assert "MSR_BELL" not in text
    assert "TEST_ASSERT(!enable(vm, 0, 0, 0)" in text


def test_headers_are_included_that_there_are() -> None:
    assert '#include "processor.h"' not in _program()
    assert '#include "processor.h"\n' in _program(NEW)
    assert '#include "ucall_common.h"\n' in _program()
    assert "ucall_common.h" not in _program(calls="")
