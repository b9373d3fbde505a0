"""The inventory of VMMs in Rust: a column per VMM, and places in the files as they are written."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from conftest import CHECK, HEADER, UAPI, Caplint, kernel, lay

_ASKS = """\
//! A VMM for tests.
use kvm_ioctls::{Cap, Kvm, VmFd};

/// Asks what it needs.
pub fn required(kvm: &Kvm) -> bool {
    kvm.check_extension(Cap::Irqchip)
        && kvm.check_extension(Cap::Hlt)
}
"""
_ENABLES = """\
use kvm_bindings::{kvm_enable_cap, KVM_CAP_HLT};
use kvm_ioctls::VmFd;

pub fn give(vm: &VmFd) -> Result<(), Error> {
    let cap = kvm_enable_cap {
        cap: KVM_CAP_HLT,
        ..Default::default()
    };
    vm.enable_cap(&cap)?;
    Ok(())
}
"""


def _trees(tmp_path: Path) -> list[str | Path]:
    root = lay(kernel(tmp_path), {UAPI: HEADER, "arch/x86/kvm/x86.c": CHECK})
    one = lay(tmp_path / "one", {"src/vm.rs": _ASKS})
    two = lay(tmp_path / "two", {"src/vm.rs": _ENABLES, "src/ask.rs": _ASKS})
    return ["--kernel", root, "--tree", f"one=vmm:{one}", "--tree", f"two=vmm:{two}"]


def _inventory(caplint: Caplint, tmp_path: Path) -> dict[str, Any]:
    run = caplint("inventory", *_trees(tmp_path), "--output-format", "json")
    return {cap["name"]: cap for cap in json.loads(run.out)["capabilities"]}


def test_a_column_per_vmm(caplint: Caplint, tmp_path: Path) -> None:
    run = caplint("inventory", *_trees(tmp_path), "--output-format", "csv")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(run.out))}
    names = ("one checks", "one enables", "two checks", "two enables")
    assert [rows["KVM_CAP_HLT"][name] for name in names] == ["1", "0", "1", "1"]
    assert [rows["KVM_CAP_IRQCHIP"][name] for name in names] == ["1", "0", "1", "0"]


def test_columns_of_the_page(caplint: Caplint, tmp_path: Path) -> None:
    page = caplint("inventory", *_trees(tmp_path), "--output-format", "html").out
    heads = [f'<th scope="col"><button type="button">{name}</button></th>' for name in ("one", "two", "VMM")]
    assert [head in page for head in heads] == [True, True, False]
    assert '<td class="uses">1c</td><td class="uses">1c 1e</td>' in page
    assert "are used by one" in page


def test_places_are_those_of_the_files(caplint: Caplint, tmp_path: Path) -> None:
    found = _inventory(caplint, tmp_path)["KVM_CAP_HLT"]["vmm"]
    places = {(use["place"]["tree"], use["verb"], use["place"]["path"], use["place"]["line"]) for use in found}
    assert places == {
        ("one", "check", "src/vm.rs", 7), ("two", "check", "src/ask.rs", 7), ("two", "enable", "src/vm.rs", 9),
    }  # fmt: skip
