"""Architectures whose KVM only a vendor's tree has: each has a column, behind those of Linux."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import CHECK, HEADER, UAPI, Caplint, kernel, lay


@pytest.mark.parametrize(("folder", "arch"), [("sw_64", "sw_64"), ("e2k", "e2k"), ("newcomer", "newcomer")])
def test_a_column_of_its_own(caplint: Caplint, tmp_path: Path, folder: str, arch: str) -> None:
    root = lay(kernel(tmp_path), {UAPI: HEADER, f"arch/{folder}/kvm/kvm.c": CHECK})
    run = caplint("inventory", "--kernel", root, "--output-format", "json")
    found = json.loads(run.out)
    assert found["architectures"] == ["x86", arch]
    (irqchip,) = (cap for cap in found["capabilities"] if cap["name"] == "KVM_CAP_IRQCHIP")
    assert irqchip["architectures"][arch]["advertised"] == "always"
    assert f",{arch}," in caplint("inventory", "--kernel", root, "--output-format", "csv").out.splitlines()[0]


def test_arch_selects_it(caplint: Caplint, tmp_path: Path) -> None:
    root = lay(kernel(tmp_path), {UAPI: HEADER, "arch/sw_64/kvm/kvm.c": CHECK})
    run = caplint("inventory", "--kernel", root, "--arch", "sw64", "--output-format", "json")
    assert (run.status, json.loads(run.out)["architectures"]) == (0, ["sw_64"])
