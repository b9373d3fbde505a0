"""Programs in Rust of a few lines, read as the searches for paths read them."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import lay

from caplint.facts.store.store import FactStore
from caplint.graph.rust_crates import Crates
from caplint.graph.rust_program import RustFunction, RustProgram
from caplint.knowledge.languages import MANIFEST, RUST, language_of
from caplint.rust.call_outline import rust_outline
from caplint.trees.detect import directory_tree


def rust_program(root: Path, files: dict[str, str], arch: str | None = None, around: str = "1") -> RustProgram:
    """The index of a tree of Rust, all of whose files have been added, with a condition around each."""
    uses_kvm = {"benches/kvm.rs": "// kvm_ioctls\n"}
    tree, store = directory_tree(str(lay(root, uses_kvm | files)), "vmm", "tea"), FactStore(None)
    code = tree.code_files(store)
    program = RustProgram(tree.name, Crates(tree, [file for file in code if language_of(file.path) == MANIFEST]))
    for file in code:
        if language_of(file.path) == RUST:
            program.add(file.path, arch, json.loads(rust_outline(tree.read(file.path))), around)
    store.close()
    return program


def function(program: RustProgram, shown: str) -> RustFunction:
    """The only function with a body that is shown by a name, such as `Pot::brew`."""
    (found,) = [one for one in program.functions if one.function.name == shown and one.has_body]
    return found
