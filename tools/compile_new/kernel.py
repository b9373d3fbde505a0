"""Builds objects of KVM in the kernel's sources, with a small configuration and warnings as errors."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tools.compile_new.commands import run

_CONFIGURATION = """\
CONFIG_64BIT=y
CONFIG_SMP=y
CONFIG_MULTIUSER=y
CONFIG_PCI=y
CONFIG_ACPI=y
CONFIG_HIGH_RES_TIMERS=y
CONFIG_VIRTUALIZATION=y
CONFIG_CPU_SUP_INTEL=y
CONFIG_CPU_SUP_AMD=y
CONFIG_X86_LOCAL_APIC=y
CONFIG_EVENTFD=y
CONFIG_MARCH_Z13=y
CONFIG_KVM=y
CONFIG_KVM_INTEL=y
CONFIG_KVM_AMD=y
CONFIG_KVM_HYPERV=y
CONFIG_WERROR=y
"""
_KVM_MAIN = "virt/kvm/kvm_main.o"
_TESTS = "tools/testing/selftests/kvm/"


@dataclass(frozen=True)
class Machine:
    """Architecture that a kernel is built for."""

    arch: str
    """Directory below arch/, as caplint's patches change it."""
    make: str
    """Name for make's ARCH."""
    prefix: str
    """Prefix of a cross compiler; empty for the machine's own."""
    objects: tuple[str, ...]
    """Objects that see every header of KVM."""

    @property
    def is_here(self) -> bool:
        """Whether its compiler is installed."""
        return shutil.which(f"{self.prefix}gcc") is not None


MACHINES = (
    Machine("x86", "x86_64", "", ("arch/x86/kvm/x86.o", "arch/x86/kvm/vmx/vmx.o", "arch/x86/kvm/svm/svm.o", _KVM_MAIN)),
    Machine("arm64", "arm64", "aarch64-linux-gnu-", ("arch/arm64/kvm/arm.o", _KVM_MAIN)),
    Machine("s390", "s390", "s390x-linux-gnu-", ("arch/s390/kvm/kvm-s390.o", _KVM_MAIN)),
)


@dataclass(frozen=True)
class KernelBuild:
    """Build directory of one architecture."""

    machine: Machine
    source: Path
    directory: Path

    def prepare(self) -> None:
        """Configure, and build what objects need; quick if that is done."""
        if (self.directory / ".prepared").exists():
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "small.config").write_text(_CONFIGURATION)
        self._make("allnoconfig", KCONFIG_ALLCONFIG=str(self.directory / "small.config"))
        self._make("prepare")
        (self.directory / ".prepared").touch()

    def objects(self, files: list[str]) -> list[str]:
        """Return the objects that patches of some files concern; none if all are another architecture's."""
        own = [path for path in files if path.startswith((f"arch/{self.machine.arch}/", "virt/", "include/"))]
        code = [path[:-1] + "o" for path in own if path.endswith(".c")]
        concerned = code or any(path.startswith(f"arch/{self.machine.arch}/") for path in own)
        return sorted({*code, *self.machine.objects}) if concerned else []

    def build(self, objects: list[str]) -> None:
        """Compile objects. Raises `ToolError` with the compiler's words."""
        self._make(*objects)

    def test(self, files: list[str]) -> list[str]:
        """Build the self-tests of a patch that this machine can link, and return their names."""
        names = [path for path in files if path.startswith(_TESTS) and path.endswith(".c")]
        folders = (f"{_TESTS}{self.machine.make}/", f"{_TESTS}{self.machine.arch}/")
        wanted = [path for path in names if path.startswith(folders) or path.count("/") == _TESTS.count("/")]
        if not wanted or self.machine.prefix:
            return []
        self._make("headers")
        output = self.directory / "selftests"
        output.mkdir(exist_ok=True)
        headers = f"-isystem {self.directory / 'usr/include'}"
        targets = [str(output / path.removeprefix(_TESTS).removesuffix(".c")) for path in wanted]
        command = ["make", "-s", "-C", _TESTS, f"O={self.directory}", f"OUTPUT={output}", f"ARCH={self.machine.make}"]
        run([*command, f"KHDR_INCLUDES={headers}", *targets], self.source)
        return wanted

    def _make(self, *targets: str, **variables: str) -> None:
        command = ["make", "-s", f"-j{os.cpu_count() or 1}", f"O={self.directory}", f"ARCH={self.machine.make}"]
        command += [f"CROSS_COMPILE={self.machine.prefix}"] * bool(self.machine.prefix)
        run([*command, *targets], self.source, **variables)
