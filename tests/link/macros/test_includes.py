"""Files that an `#include` means: the nearest one whose path ends as it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked
from conftest import X86

from caplint.link.macros.includes import Includes

PATHS = [
    "arch/x86/include/asm/kvm_host.h", "arch/arm64/include/asm/kvm_host.h", "include/linux/kvm_host.h",
    "arch/x86/kvm/vmx/vmx.h", "arch/x86/kvm/svm/svm.h", "arch/x86/kvm/lapic.h", "arch/arm64/kvm/arm.c",
    "virt/kvm/async_pf.h",
]  # fmt: skip


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), "", dict.fromkeys(PATHS, "")) as found:
        yield found


@pytest.mark.parametrize(
    ("includer", "name", "path"),
    [
        (X86, "asm/kvm_host.h", "arch/x86/include/asm/kvm_host.h"),
        ("arch/arm64/kvm/arm.c", "asm/kvm_host.h", "arch/arm64/include/asm/kvm_host.h"),
        (X86, "linux/kvm_host.h", "include/linux/kvm_host.h"),
        (X86, "kvm_host.h", "arch/x86/include/asm/kvm_host.h"),
        ("virt/kvm/async_pf.h", "linux/kvm_host.h", "include/linux/kvm_host.h"),
        ("virt/kvm/async_pf.h", "asm/kvm_host.h", None),
        (X86, "vmx/vmx.h", "arch/x86/kvm/vmx/vmx.h"),
        (X86, "vmx.h", "arch/x86/kvm/vmx/vmx.h"),
        (X86, "mx.h", None),
        ("arch/x86/kvm/vmx/vmx.h", "../lapic.h", "arch/x86/kvm/lapic.h"),
        ("arch/x86/kvm/vmx/vmx.h", "./lapic.h", "arch/x86/kvm/lapic.h"),
        ("arch/arm64/kvm/arm.c", "lapic.h", None),
        (X86, "missing.h", None),
        (X86, "", None),
        (X86, "kvm", None),
    ],
)
def test_resolved(code: LinkedCode, includer: str, name: str, path: str | None) -> None:
    """Another architecture's file is never meant, in generic code no architecture's."""
    includes = Includes(code.connection, "now", code.tree)
    assert includes.resolved(includer, name) == path
    assert includes.resolved(includer, name) == path


def test_files_with_their_architectures(code: LinkedCode) -> None:
    files = Includes(code.connection, "now", code.tree).files
    assert {path: files[path][0] for path in (X86, "arch/arm64/kvm/arm.c", "virt/kvm/async_pf.h")} == {
        X86: "x86", "arch/arm64/kvm/arm.c": "arm64", "virt/kvm/async_pf.h": "generic",
    }  # fmt: skip
    assert Includes(code.connection, "base", code.tree).files == {}
