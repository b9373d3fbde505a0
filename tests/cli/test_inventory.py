"""Options of the inventory: which capabilities it lists, with what beside them, in which formats."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from conftest import CHECK, HEADER, UAPI, Caplint, age, kernel, lay, qemu

ARM = "arch/arm64/kvm/arm.c"
ON_ARM = CHECK.replace("\tcase KVM_CAP_NR_VCPUS:\n\t\tr = kvm && kvm->max;\n\t\tbreak;\n", "")
USE = "int f(KVMState *s)\n{\n\treturn kvm_check_extension(s, KVM_CAP_HLT);\n}\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kernel of two architectures, an older one, and a VMM that asks for one capability; later also a cache."""
    root = tmp_path_factory.mktemp("inventory")
    kernel(root / "k", {ARM: ON_ARM})
    kernel(root / "old", {UAPI: HEADER.replace("KVM_CAP_HLT 1", "KVM_CAP_GONE 2")})
    qemu(root / "q", {"accel/kvm/kvm-all.c": USE, "system/main.c": "int main(void) { return f(s); }\n"})
    lay(root, {"log": "ioctl(8</dev/kvm>, KVM_CHECK_EXTENSION, KVM_CAP_HLT) = 1\n"})
    age(root)
    return root


@pytest.fixture
def trees(made: Path, apart: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Words for the kernel and the VMM, in their directory, with one cache for all tests."""
    assert apart.is_dir()
    monkeypatch.setenv("CAPLINT_CACHE", str(made / "cache"))
    monkeypatch.chdir(made)
    return "k", "q"


def _names(caplint: Caplint, *words: str | Path) -> list[str]:
    run = caplint("inventory", *words, "--output-format", "csv")
    assert (run.status, run.err) == (0, "")
    head, *rows = csv.reader(io.StringIO(run.out))
    return [row[head.index("name")] for row in rows]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ((), ["IRQCHIP", "HLT", "NR_VCPUS"]),
        (("--arch", "arm64"), ["IRQCHIP", "HLT"]),
        (("--arch", "aarch64", "--arch", "x86"), ["IRQCHIP", "HLT", "NR_VCPUS"]),
        (("--cap", "KVM_CAP_*I*"), ["IRQCHIP"]),
        (("--cap", "hlt", "--cap", "nr_*"), ["HLT", "NR_VCPUS"]),
        (("--only", "used-by-vmm"), ["HLT"]),
        (("--only", "unused-by-vmm", "--arch", "arm64"), ["IRQCHIP"]),
        (("--only", "used-by-vmm", "--only", "unadvertised"), []),
        (("--cap", "KVM_CAP_GONE"), []),
    ],
)
def test_capabilities_that_are_listed(
    caplint: Caplint, trees: tuple[str, str], words: tuple[str, ...], names: list[str]
) -> None:
    assert _names(caplint, *trees, *words) == [f"KVM_CAP_{name}" for name in names]


@pytest.mark.parametrize("output_format", ["text", "json", "csv", "markdown", "html"])
def test_every_format_has_every_capability(caplint: Caplint, trees: tuple[str, str], output_format: str) -> None:
    run = caplint("inventory", *trees, "--output-format", output_format, "--no-pager")
    assert (run.status, run.err) == (0, "")
    assert all(name in run.out for name in ("IRQCHIP", "HLT", "NR_VCPUS"))


@pytest.mark.parametrize(("words", "first"), [((), "f"), (("--deep",), "main")])
def test_paths_begin_at_the_programs_entry_if_that_is_asked_for(
    caplint: Caplint, trees: tuple[str, str], words: tuple[str, ...], first: str
) -> None:
    run = caplint("inventory", *trees, *words, "--cap", "hlt", "--output-format", "json")
    (cap,) = json.loads(run.out)["capabilities"]
    assert cap["paths"][0]["steps"][0]["function"] == first


@pytest.mark.parametrize("word", ["old", "any=kernel:old"])
def test_changes_since_older_trees(caplint: Caplint, trees: tuple[str, str], word: str) -> None:
    data = json.loads(caplint("inventory", "k", "--compare", word, "--output-format", "json").out)
    assert [[entry["name"] for entry in data[key]] for key in ("came", "went")] == [["KVM_CAP_HLT"], ["KVM_CAP_GONE"]]


def test_what_is_not_selected_has_not_changed(caplint: Caplint, trees: tuple[str, str]) -> None:
    run = caplint("inventory", "k", "--compare", "old", "--cap", "KVM_CAP_IRQ*", "--arch", "x86")
    assert run.out == "no capability came, went or changed\n"


def test_a_capability_that_one_side_alone_selects_is_no_new_one(
    caplint: Caplint, trees: tuple[str, str], apart: Path
) -> None:
    """It is undocumented now, and was not before; both sides have it."""
    now = kernel(
        apart / "now", {"Documentation/virt/kvm/api.rst": "1. X\n====\n\nKVM_CAP_IRQCHIP and KVM_CAP_NR_VCPUS.\n"}
    )
    run = caplint("inventory", now, "--compare", kernel(apart / "old"), "--only", "undocumented")
    assert run.out.startswith("changed: 1 capability\n  KVM_CAP_HLT\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--compare", "old", "--trace", "log"), "--trace is shown in an inventory, not in a comparison"),
        (("--history", "h.json"), "add --output-format html, without --compare"),
        (("--history", "h.json", "--output-format", "json"), "add --output-format html, without --compare"),
        (("--history", "h.json", "--output-format", "html", "--compare", "old"), "html, without --compare"),
        (("--history", "gone.json", "--output-format", "html"), "gone.json"),
        (("--arch", "vax"), "--arch vax: unknown; known are x86, "),
        (("--trace", "gone.log"), "gone.log: cannot be read"),
        (("--compare", "gone"), "gone: no such directory"),
    ],
)
def test_what_does_not_fit_is_one_line(
    caplint: Caplint, trees: tuple[str, str], words: tuple[str, ...], said: str
) -> None:
    run = caplint("inventory", *trees, *words)
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
    assert said in run.err


def test_what_a_traced_vmm_did_stands_beside_it(caplint: Caplint, trees: tuple[str, str]) -> None:
    data = json.loads(caplint("inventory", *trees, "--trace", "log", "--output-format", "json").out)
    assert [cap["name"] for cap in data["capabilities"] if cap.get("traced")] == ["KVM_CAP_HLT"]
