"""The inventory of the real trees: held against their handlers, timed in size, and opened in a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import real_trees
from browser import DESKTOP, PHONE, opened
from playwright.sync_api import expect
from real_trees import Corpus, source, stated

from caplint.engine.outcome import Outcome
from caplint.inventory.builder import build
from caplint.inventory.difference import difference
from caplint.inventory.model import ALWAYS, BY_VM, CONDITIONALLY, Capability, Inventory
from caplint.report.inventory import data, table
from caplint.report.inventory.page import page
from caplint.report.style import Style
from caplint.trees.tree import Tree

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

X86 = "arch/x86/kvm/x86.c"
MAIN = "virt/kvm/kvm_main.c"


def _built(corpus: Corpus, kernel: str, vmm: str) -> tuple[Inventory, Outcome]:
    trees: list[Tree] = [corpus.tree(name) for name in (kernel, vmm)]
    return build(trees, real_trees.shipped_rules(), corpus.config, paths=True)


@pytest.fixture(scope="module")
def new(corpus: Corpus) -> tuple[Inventory, Outcome]:
    """linux 6.12 and qemu 10.0."""
    return _built(corpus, "linux-6.12", "qemu-10.0")


def _caps(inventory: Inventory) -> dict[str, Capability]:
    return {cap.name.removeprefix("KVM_CAP_"): cap for cap in inventory.capabilities}


def _labels(text: str, function: str) -> set[str]:
    """The capabilities that a function's cases name, by a search of its text."""
    match = re.search(rf"^[^\n;]*\b{function}\([^;{{]*\)\s*^\{{(.*?)^\}}", text, re.MULTILINE | re.DOTALL)
    assert match is not None, function
    return set(re.findall(r"case (KVM_CAP_\w+):", match[1]))


def test_x86_advertises_what_its_handlers_name(new: tuple[Inventory, Outcome]) -> None:
    known = {cap.name for cap in new[0].capabilities if (x := cap.architectures.get("x86")) and x.advertised}
    own = _labels(source("linux-6.12", X86), "kvm_vm_ioctl_check_extension")
    generic = _labels(source("linux-6.12", MAIN), "kvm_vm_ioctl_check_extension_generic")
    # One answers 0, as something that is gone; the other one's configuration no x86 kernel has.
    assert own - known == {"KVM_CAP_PV_MMU"}
    assert known <= own | generic
    assert generic - known == {"KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP"}


# Read in the sources and in api.rst of linux 6.12.107: what x86 answers, what it is enabled on, its section.
SPOT_CHECKS = [
    ("IRQCHIP", ALWAYS, [], None),
    ("HLT", ALWAYS, [], None),
    ("NR_VCPUS", CONDITIONALLY, [], None),
    ("MAX_VCPUS", ALWAYS, [], None),
    ("SYNC_REGS", BY_VM, [], None),
    ("SPLIT_IRQCHIP", ALWAYS, ["vm"], "7.5"),
    ("X2APIC_API", ALWAYS, ["vm"], "7.7"),
    ("X86_DISABLE_EXITS", ALWAYS, ["vm"], "7.13"),
    ("MSR_PLATFORM_INFO", ALWAYS, ["vm"], "7.15"),
    ("EXCEPTION_PAYLOAD", ALWAYS, ["vm"], "7.17"),
    ("HYPERV_SYNIC", CONDITIONALLY, ["vcpu"], None),
    ("HYPERV_ENLIGHTENED_VMCS", CONDITIONALLY, ["vcpu"], None),
    ("ENFORCE_PV_FEATURE_CPUID", ALWAYS, ["vcpu"], None),
    ("X86_BUS_LOCK_EXIT", CONDITIONALLY, ["vm"], "7.22"),
    ("PMU_CAPABILITY", CONDITIONALLY, ["vm"], None),
    ("DISABLE_QUIRKS2", CONDITIONALLY, ["vm"], "7.31"),
    ("GUEST_MEMFD", BY_VM, [], None),
    ("VM_TYPES", CONDITIONALLY, [], None),
    ("X86_APIC_BUS_CYCLES_NS", ALWAYS, ["vm"], "7.35"),
    ("PPC_SMT", None, [], "7.11"),
]


@pytest.mark.parametrize(("name", "advertised", "scopes", "section"), SPOT_CHECKS)
def test_spot_checks(
    new: tuple[Inventory, Outcome], name: str, advertised: str | None, scopes: list[str], section: str | None
) -> None:
    stated("linux-6.12")
    cap = _caps(new[0])[name]
    x86 = cap.architectures.get("x86")
    assert (x86.advertised if x86 else None, x86.scopes if x86 else []) == (advertised, scopes)
    if section is not None:
        assert cap.section is not None
        assert cap.section.section == section


def test_formats(new: tuple[Inventory, Outcome]) -> None:
    lines = list(table.lines(new[0], Style()))
    assert max(map(len, lines)) <= table.WIDTH
    assert len(new[0].capabilities) > 200
    schema = json.loads((Path(data.__file__).parents[2] / "schemas/inventory.json").read_text())
    jsonschema.validate(json.loads(json.dumps(data.as_object(new[0]))), schema)


def test_what_changed_from_6_1_to_6_12(corpus: Corpus, new: tuple[Inventory, Outcome]) -> None:
    found = difference(_built(corpus, "linux-6.1", "qemu-7.2")[0], new[0])
    came = {change.name.removeprefix("KVM_CAP_") for change in found.of("came")}
    assert {"USER_MEMORY2", "GUEST_MEMFD", "MEMORY_ATTRIBUTES", "X86_APIC_BUS_CYCLES_NS", "PRE_FAULT_MEMORY"} <= came
    assert not found.of("went")


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_in_a_browser(new: tuple[Inventory, Outcome], tmp_path: Path, size: tuple[int, int]) -> None:
    file = tmp_path / "inventory.html"
    file.write_text(page(*new), "utf-8")
    assert file.stat().st_size < 4_000_000
    with opened(file, size) as seen:
        load_time = "performance.getEntriesByType('navigation')[0].loadEventEnd"
        seen.page.wait_for_load_state()
        assert seen.page.evaluate(load_time) < 2_000  # a second, on a machine that does nothing else
        seen.page.fill("#search", "bus_lock")
        seen.page.select_option("#arch", "x86")
        assert seen.page.locator("#table tbody tr:visible").count() == 1
        seen.page.click("#table tbody tr:visible a")
        expect(seen.page.locator("#path svg")).to_be_visible()
        drawn = seen.page.locator("#path svg").text_content() or ""
        assert "kvm_vm_enable_bus_lock_exit()" in drawn
        assert "case KVM_CAP_X86_BUS_LOCK_EXIT" in drawn
        assert "case KVM_CAP_X86_BUS_LOCK_EXIT:" in (seen.page.locator("#detail .sides").text_content() or "")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert (seen.console, seen.requests) == ([], [file.as_uri()])
