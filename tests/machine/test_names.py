"""What headers call the numbers."""

from __future__ import annotations

from pathlib import Path

from conftest import UAPI, bare_kernel, bare_qemu, lay

from caplint.config.settings import Config
from caplint.facts.harvest import ExtractionSettings
from caplint.machine.names import capabilities, of_machine, registers

READING = ExtractionSettings(Config().repairs, jobs=1)
HEADER = """\
#define KVMIO 0xAE
#define KVM_CAP_IRQCHIP 0
#define KVM_CAP_OLD_NAME KVM_CAP_HLT
#define KVM_CAP_HLT (1 + 0)
#define KVM_CAP_INFO(name) KVM_CAP_##name
#define KVM_CAP_HUGE UNKNOWN
"""


def test_a_kernel_names_before_a_vmm(tmp_path: Path) -> None:
    kernel = bare_kernel(tmp_path / "k", {UAPI: "#define KVM_CAP_IRQCHIP 0\n"})
    qemu = bare_qemu(tmp_path / "q", {"linux-headers/linux/kvm.h": "#define KVM_CAP_PIC 0\n#define KVM_CAP_TEA 1\n"})
    assert capabilities([qemu, kernel], READING, None) == {0: "KVM_CAP_IRQCHIP", 1: "KVM_CAP_TEA"}


def test_numbers_are_computed(tmp_path: Path) -> None:
    names = capabilities([bare_kernel(tmp_path, {UAPI: HEADER})], READING, None)
    assert names == {0: "KVM_CAP_IRQCHIP", 1: "KVM_CAP_OLD_NAME"}


def test_registers(tmp_path: Path) -> None:
    index = "#define MSR_PPIN 0x0000004f\n#define MSR_PPIN_CTL (MSR_PPIN - 1)\n#define X86_BIT 1\n"
    tree = bare_kernel(tmp_path, {"arch/x86/include/asm/msr-index.h": index})
    assert registers([tree], READING, None) == {"MSR_PPIN": 0x4F, "MSR_PPIN_CTL": 0x4E}


def test_the_header_that_is_installed(tmp_path: Path) -> None:
    lay(tmp_path, {"kvm.h": b"\xff\n" + HEADER.encode() + b"  #  define KVM_CAP_TEA 7 /* hot */\n"})
    assert of_machine(tmp_path / "kvm.h") == {0: "KVM_CAP_IRQCHIP", 7: "KVM_CAP_TEA"}
    assert of_machine(tmp_path / "absent.h") == {}
