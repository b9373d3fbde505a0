"""The results of links are kept per state of a tree, of which its Rust files are a part."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import lay

from caplint.cli.main import main

_VM = "use kvm_ioctls::{Cap, Kvm};\nfn f(kvm: &Kvm) { if kvm.check_extension(Cap::%s) {} }\n"


def test_a_changed_file_is_linked_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for variant in ("Hlt", "Pit"):
        root = lay(tmp_path / variant, {"src/vm.rs": _VM % variant})
        assert main(["facts", "SELECT cap FROM vmm_use", "--tree", f"tea=vmm:{root}"]) == 0
        said.append(capsys.readouterr().out.split()[-1])
    assert said == ["KVM_CAP_HLT", "KVM_CAP_PIT"]
