"""Register in QEMU: its number, its value in the state of a vCPU, and the code that exchanges it with the kernel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from qemu_series import REQUESTS, Changes, body, contents, small, written
from small_qemu import CPU, X86

from caplint.authoring.qemu.msr import member, write
from caplint.authoring.request import CapabilityRequest, RequestedRegister, parse
from caplint.authoring.topic import Topic
from caplint.util.errors import CaplintError


def test_a_reset_zeroes_what_guests_write_and_keeps_what_they_cannot(tmp_path: Path) -> None:
    kept = contents(written(tmp_path / "a", REQUESTS["register"]))[CPU]
    assert kept.index("end_reset_fields") < kept.index("uint64_t msr_ppin;") < kept.index("#if defined(CONFIG_KVM)")
    zeroed = contents(written(tmp_path / "b", REQUESTS["register to write"]))[CPU]
    assert zeroed.index("uint64_t msr_new;") < zeroed.index("end_reset_fields")


def test_a_number_that_qemu_has_is_not_defined_again(tmp_path: Path) -> None:
    text = contents(
        written(tmp_path, REQUESTS["register"], {CPU: ("#define MSR_HWCR", "#define MSR_PPIN 0x4f\n#define MSR_HWCR")})
    )
    assert text[CPU].count("#define MSR_PPIN") == 1


def _written(root: Path, request: CapabilityRequest, changes: Changes | None = None) -> Topic:
    with small(root, changes) as place:
        topic = Topic(place, "subject", [])
        write(request, topic)
        return topic


def _numbered(number: int | None, name: str = "MSR_BELL") -> CapabilityRequest:
    request = parse("KVM_CAP_X86_BELL", archs=["x86"], register="BELL=0x1234")
    assert request.register is not None
    return replace(request, register=replace(request.register, name=name, number=number))


@pytest.mark.parametrize(
    ("number", "line", "above"),
    [
        (0x3C, "#define MSR_BELL                        0x3c", "MSR_TSC_ADJUST"),
        (0xC0010016, "#define MSR_BELL                        0xc0010016", "MSR_HWCR"),
        (0x1, "#define MSR_BELL                        0x1", ""),
    ],
)
def test_it_is_defined_in_the_order_of_numbers(tmp_path: Path, number: int, line: str, above: str) -> None:
    lines = _written(tmp_path, _numbered(number)).files[CPU].content.decode().splitlines()
    at = lines.index(line)
    assert (above in lines[at - 1]) if above else at == 0


def test_a_number_comes_from_the_headers_in_view(tmp_path: Path) -> None:
    """QEMU has the register's number, and nobody has to give it."""
    changes = {CPU: ("#define MSR_HWCR", "#define MSR_BELL 0x1234\n#define MSR_HWCR")}
    topic = _written(tmp_path, _numbered(None), changes)
    assert topic.files[CPU].content.decode().count("MSR_BELL") == len(["definition", "decision"])


def test_the_value_goes_both_ways(tmp_path: Path) -> None:
    text = _written(tmp_path, _numbered(0x1234)).files[X86].content.decode()
    assert "static bool has_msr_hwcr;\nstatic bool has_msr_bell;\n" in text
    for function, value in (("kvm_put_msrs", "env->msr_bell"), ("kvm_get_msrs", "0")):
        added = f"    if (has_msr_bell) {{\n        kvm_msr_entry_add(cpu, MSR_BELL, {value});\n    }}\n"
        assert body(text, function).count(added) == 1
        neighbour = value.replace("bell", "hwcr")
        assert f"        kvm_msr_entry_add(cpu, MSR_HWCR, {neighbour});\n    }}\n" in body(text, function)
    taken = "        case MSR_BELL:\n            env->msr_bell = msrs[i].data;\n            break;\n        }\n"
    assert taken in body(text, "kvm_get_msrs")


@pytest.mark.parametrize(
    ("access", "question", "reset"),
    [
        ("ro", "Which value does a guest read, and is it that of the host?", "no guest can change it"),
        ("rw", "Must a change in the guest be undone on the host", "as the kernel's does"),
    ],
)
def test_people_are_asked_about_what_a_guest_can_do(tmp_path: Path, access: str, question: str, reset: str) -> None:
    topic = _written(tmp_path, parse("KVM_CAP_X86_BELL", archs=["x86"], register=f"BELL=0x1234:{access}"))
    asked = {found.subject: found for found in topic.decisions}
    assert question in asked["value of MSR_BELL"].question
    assert reset in asked["reset of MSR_BELL"].default


def test_a_capability_without_a_register_has_no_places(tmp_path: Path) -> None:
    assert _written(tmp_path, REQUESTS["mask"]).files == {}


def test_the_member_has_the_name_of_the_register() -> None:
    assert member(RequestedRegister("MSR_IA32_BELL", 1, writable=True)) == "msr_ia32_bell"


@pytest.mark.parametrize(
    ("request_", "changes", "told"),
    [
        (_numbered(None), {}, "--msr MSR_BELL: no header defines it; add its number, MSR_BELL=0x..."),
        (_numbered(0x48), {}, "MSR_SPEC_CTRL has number 0x48"),
        (_numbered(0x1234), {CPU: ("uint64_t xss", "uint64_t msr_bell")}, "has a member msr_bell already"),
        (_numbered(0x1234), {CPU: ("    struct {} end_reset_fields;\n", "")}, "does not tell what a reset keeps"),
        (_numbered(0x1234), {CPU: ("    uint32_t level;\n    uint64_t xss;\n", "    void *xss;\n")},
         "no member is where"),
        (_numbered(0x1234),
         {X86: ("static bool has_msr_hwcr;\n", "static bool has_msr_bell;\nstatic bool has_msr_hwcr;\n")},
         "has a variable of that name"),
    ],
)  # fmt: skip
def test_a_qemu_that_lacks_a_place(tmp_path: Path, request_: CapabilityRequest, changes: Changes, told: str) -> None:
    with pytest.raises(CaplintError) as caught:
        _written(tmp_path, request_, changes)
    assert told in str(caught.value)
