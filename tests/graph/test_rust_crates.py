"""Crates of a tree: what their manifests say, and which of them may call which."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from caplint.graph.rust_crates import Crates
from caplint.trees.tree import File, Tree


def _crates(files: dict[str, str]) -> Crates:
    contents = {path: text.encode() for path, text in files.items()}
    tree: Any = SimpleNamespace(read=contents.__getitem__)
    return Crates(cast(Tree, tree), [File(path, "oid", len(text)) for path, text in contents.items()])


PLAIN = '[package]\nname = "krun-vmm"\n'


def test_names_in_code() -> None:
    crates = _crates({"vmm/Cargo.toml": PLAIN, "lib/Cargo.toml": '[package]\nname = "a"\n[lib]\nname = "other-name"\n'})
    assert crates.by_name == {"krun_vmm": "vmm", "other_name": "lib"}


@pytest.mark.parametrize(
    "dependencies",
    [
        '[dependencies]\nvmm = { package = "krun-vmm", path = "../vmm" }\n',
        '[dependencies.vmm]\npackage = "krun-vmm"\n',
        "[target.'cfg(unix)'.dependencies]\nvmm = { package = \"krun-vmm\" }\n",
        '[dev-dependencies]\nvmm = { package = "krun-vmm" }\n',
    ],
)
def test_a_dependency_under_another_name(dependencies: str) -> None:
    crates = _crates({"vmm/Cargo.toml": PLAIN, "app/Cargo.toml": f'[package]\nname = "app"\n{dependencies}'})
    assert crates.by_name["vmm"] == "vmm"
    assert crates.sees("app", "vmm")
    assert not crates.sees("vmm", "app")


def test_a_workspace_gives_the_name() -> None:
    crates = _crates({
        "Cargo.toml": '[workspace]\nmembers = []\n[workspace.dependencies]\nvmm = { package = "krun-vmm" }\n',
        "v/Cargo.toml": PLAIN,
        "app/Cargo.toml": '[package]\nname = "app"\n[dependencies]\nvmm = { workspace = true }\n',
    })  # fmt: skip
    assert crates.sees("app", "v")


def test_a_crate_of_the_name_itself_comes_first() -> None:
    crates = _crates({
        "v/Cargo.toml": PLAIN,
        "w/Cargo.toml": '[package]\nname = "vmm"\n',
        "app/Cargo.toml": '[package]\nname = "app"\n[dependencies]\nvmm = { package = "krun-vmm" }\n',
    })  # fmt: skip
    assert crates.by_name["vmm"] == "w"


@pytest.mark.parametrize("text", ["[package", "package = 3", "[dependencies]\nvmm = { package = 3 }\n", "\0", ""])
def test_odd_manifests_say_nothing(text: str) -> None:
    crates = _crates({"app/Cargo.toml": text})
    assert crates.by_name == {}
    assert crates.sees("app", "anything")


def test_programs() -> None:
    crates = _crates({"app/Cargo.toml": '[package]\nname = "app"\n[[bin]]\nname = "b"\npath = "src/run.rs"\n'})
    assert crates.is_program("app/src/run.rs")
    assert crates.is_program("app/src/main.rs")
    assert crates.is_program("app/src/bin/x.rs")
    assert not crates.is_program("app/src/lib.rs")
    assert not crates.is_program("app/examples/main.rs")
