"""Register that QEMU has already, beside which a new one gets its places: recognised only in exactly this shape."""

from __future__ import annotations

from pathlib import Path

import pytest
from qemu_series import small
from small_qemu import FILES, X86

from caplint.authoring.qemu.neighbour import QemuNeighbour, declared, neighbour
from caplint.util.errors import CaplintError

LINES = FILES[X86].splitlines()
PUT = "        kvm_msr_entry_add(cpu, MSR_{}, env->{});\n"


def _near(root: Path, old: str = "", new: str = "") -> QemuNeighbour:
    with small(root, {X86: (old, new)} if old else None) as place:
        return neighbour(place)


def test_it_is_the_last_one_with_all_its_places(tmp_path: Path) -> None:
    found = _near(tmp_path)
    assert (found.msr, found.path, found.member, found.env) == ("MSR_HWCR", X86, "msr_hwcr", "env")
    assert (found.call, found.target, found.source) == ("kvm_msr_entry_add", "cpu", "msrs[i].data")
    assert LINES[found.flag - 1] == "static bool has_msr_hwcr;"
    assert LINES[found.put - 2 : found.put] == ["        kvm_msr_entry_add(cpu, MSR_HWCR, env->msr_hwcr);", "    }"]
    assert LINES[found.get - 2 : found.get] == ["        kvm_msr_entry_add(cpu, MSR_HWCR, 0);", "    }"]
    assert LINES[found.taken - 3 : found.taken] == [
        "        case MSR_HWCR:", "            env->msr_hwcr = msrs[i].data;", "            break;",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # Written under another condition, or with other statements
        ("    if (has_msr_hwcr) {\n        kvm_msr_entry_add(cpu, MSR_HWCR, env",
         "    if (has_msr_hwcr && env) {\n        kvm_msr_entry_add(cpu, MSR_HWCR, env"),
        ("    if (has_msr_hwcr) {\n        kvm_msr_entry_add(cpu, MSR_HWCR, 0",
         "    if (has_msr_spec_ctrl) {\n        kvm_msr_entry_add(cpu, MSR_HWCR, 0"),
        (PUT.format("HWCR", "msr_hwcr"), PUT.format("HWCR", "msr_hwcr") + "        again(cpu);\n"),
        (PUT.format("HWCR", "msr_hwcr"), "        kvm_msr_entry_add(cpu, MSR_HWCR, env->msr_hwcr & 1);\n"),
        # Taken back otherwise
        ("env->msr_hwcr = msrs[i].data;\n            break;", "env->msr_hwcr = msrs[i].data;\n            return 0;"),
        ("env->msr_hwcr = msrs[i].data;", "env->spec_ctrl = msrs[i].data;"),
        # A flag that is declared twice, or elsewhere
        ("static bool has_msr_hwcr;\n", "static bool has_msr_hwcr;\nstatic bool has_msr_hwcr;\n"),
        ("static bool has_msr_hwcr;\n", "bool has_msr_hwcr;\n"),
    ],
)  # fmt: skip
def test_another_shape_is_passed_over(tmp_path: Path, old: str, new: str) -> None:
    assert _near(tmp_path, old, new).msr == "MSR_SPEC_CTRL"


def test_a_qemu_without_one(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match="lacks the place to get and set an MSR: it has none with a flag"):
        _near(tmp_path, "    if (has_msr", "    if (1 && has_msr")


def test_flags_that_a_file_declares(tmp_path: Path) -> None:
    with small(tmp_path) as place:
        assert declared(place, X86, "has_msr_hwcr") == [LINES.index("static bool has_msr_hwcr;") + 1]
        assert declared(place, X86, "has_msr") == []
