"""Places of a capability as words, from capabilities made by hand, and as kept text."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import KERNEL_FILES, X86, bare_kernel

from caplint.config.settings import Config
from caplint.facts.store.store import FactStore
from caplint.history import places as module
from caplint.history.places import (
    CapabilityPlace,
    Places,
    PlaceState,
    cache_key,
    parsed,
    read,
    recalled,
    rendered,
    retain,
)
from caplint.inventory.model import (
    Capability,
    CheckAnswer,
    Enable,
    EnableArgument,
    Msr,
    Section,
    SourceLine,
    Support,
    VmmPlace,
)
from caplint.util.code_identity import CHANGING

LINE = SourceLine("linux", "x86.c", 3, "check")
SECTION = Section("7.1", "KVM_CAP_A", True, "vm", None, None, SourceLine("linux", "api.rst", 9))
NAMED = replace(SECTION, heading=False, place=SourceLine("linux", "other.rst", 1))
UNTYPED = replace(SECTION, type=None)
ARGUMENT = EnableArgument(0, "stored", True, None)


def _cap(**more: object) -> Capability:
    cap = Capability("KVM_CAP_A", 1, None, "1", None, [])
    for name, value in more.items():
        setattr(cap, name, value)
    return cap


def _answer(path: str, function: str | None) -> CheckAnswer:
    return CheckAnswer("1", "1", False, SourceLine("linux", path, 1, function))


def _enable(scope: str, *positions: int) -> Enable:
    return Enable(scope, "1", True, [replace(ARGUMENT, position=at) for at in positions], LINE)


def _use(verb: str, scope: str, arch: str | None = None, path: str = "kvm.c") -> VmmPlace:
    return VmmPlace(verb, scope, arch, "", "1", SourceLine("qemu", path, 1, "f"))


ENABLED = Support(None, [], [_enable("vm", 1, 0), _enable("vcpu")])


@pytest.mark.parametrize(
    ("cap", "expected"),
    [
        (_cap(), {}),
        (_cap(architectures={"x86": Support(None, [], [])}), {}),
        (_cap(architectures={"x86": Support("always", [], [])}), {("check", "x86"): ("always", ())}),
        (
            _cap(architectures={"x86": Support("by VM", [_answer("b.c", "g"), _answer("a.c", None)] * 2, [])}),
            {("check", "x86"): ("by VM", (("a.c", ""), ("b.c", "g")))},
        ),
        (
            _cap(
                architectures={
                    "x86": Support(None, [], [_enable("vm", 1, 0), _enable("vcpu")]),
                    "s390": Support("always", [], []),
                }
            ),
            {("enable", "x86"): ("vm args[0, 1], vcpu", (("x86.c", "check"),)), ("check", "s390"): ("always", ())},
        ),
        (
            _cap(documentation=[NAMED, SECTION]),
            {("documentation", None): ("a section, type vm", (("api.rst", ""), ("other.rst", "")))},
        ),
        (
            _cap(documentation=[replace(SECTION, type=None)]),
            {("documentation", None): ("a section", (("api.rst", ""),))},
        ),
        (_cap(documentation=[NAMED]), {("documentation", None): ("mentioned", (("other.rst", ""),))}),
        (_cap(selftests=[LINE, LINE]), {("self-test", None): ("named", (("x86.c", ""),))}),
        (_cap(msrs=[Msr("MSR_B", 2, []), Msr("MSR_A", 1, [])]), {("MSR list", None): ("MSR_B, MSR_A", ())}),
        (_cap(vmm=[_use("check", "vm")]), {("VMM check", None): ("checked on vm", (("kvm.c", "f"),))}),
        (_cap(vmm=[_use("enable", "vcpu", "x86")]), {("VMM enable", "x86"): ("enabled on vcpu", (("kvm.c", "f"),))}),
        (
            _cap(vmm=[_use("require", "vm"), _use("check", "system", path="a.c"), _use("check", "vm", "arm64")]),
            {
                ("VMM check", None): ("checked on system, required on vm", (("a.c", "f"), ("kvm.c", "f"))),
                ("VMM check", "arm64"): ("checked on vm", (("kvm.c", "f"),)),
            },
        ),
    ],
)
def test_places_in_words(cap: Capability, expected: dict[tuple[str, str | None], tuple[str, object]]) -> None:
    assert dict(module._places(cap)) == expected


PLACES: Places = {
    "KVM_CAP_A": {
        CapabilityPlace("check", "x86"): PlaceState("always", (("x86.c", "check"), ("\\xff.c", ""))),
        CapabilityPlace("documentation", None): PlaceState("a section \N{GRINNING FACE}", ()),
    },
    "KVM_CAP_B": {},
}


@pytest.mark.parametrize("places", [{}, PLACES])
def test_text_and_back(places: Places) -> None:
    again = parsed(rendered(places))
    assert again == places
    assert all(isinstance(state, PlaceState) for known in again.values() for state in known.values())


@pytest.mark.parametrize(
    "text",
    ["", "{", "3", "null", "[1]", '[["A"]]', '[["A", 1]]', '[["A", [["check"]]]]', '[["A", [["c", "x", "w", [1]]]]]',
     '[[["A"], []]]', '[["A", [["c", [], "w", []]]]]'],
)  # fmt: skip
def test_a_damaged_entry_is_none(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        parsed(text)
    store = FactStore(None)
    store.retain_all({"history bad": text, "history good": rendered(PLACES)})
    assert recalled(store, ["history bad", "history good", "history none"]) == {"history good": PLACES}
    store.close()


def test_without_a_key_nothing_is_kept() -> None:
    store = FactStore(None)
    retain(store, None, PLACES)
    retain(store, "history one", PLACES)
    assert store.connection.execute("SELECT name FROM memo WHERE name LIKE 'history%'").fetchall() == [("history one",)]
    store.close()


def test_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "code_identity", lambda _: "this program")
    config = Config()
    keys = [
        cache_key("linux", "kernel", config, "commit "),
        cache_key("other", "kernel", config, "commit "),
        cache_key("linux", "reference", config, "commit "),
        cache_key("linux", "kernel", config, "commit below"),
        cache_key("linux", "kernel", replace(config, vendor_range=((1, 2),)), "commit "),
        cache_key("linux", "kernel", replace(config, oldest_kernel="5.1"), "commit "),
        cache_key("linux\udcff", "kernel", config, "commit "),
    ]
    assert len({*keys, None}) == len(keys) + 1
    assert cache_key("linux", "kernel", replace(config, jobs=7), "commit ") == keys[0]
    monkeypatch.setattr(module, "code_identity", lambda _: "another program")
    assert cache_key("linux", "kernel", config, "commit ") not in keys
    monkeypatch.setattr(module, "code_identity", lambda _: f"{CHANGING} now")
    assert cache_key("linux", "kernel", config, "commit ") is None


def test_places_of_a_tree_are_read_and_kept(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path / "k", dict(KERNEL_FILES))
    config = Config(cache=str(tmp_path / "cache"), jobs=1)
    found = read(tree, config, "history mine")
    assert found["KVM_CAP_HLT"] == {
        CapabilityPlace("check", "x86"): PlaceState("always", ((X86, "kvm_vm_ioctl_check_extension"),)),
        CapabilityPlace("documentation", None): PlaceState("mentioned", (("Documentation/virt/kvm/api.rst", ""),)),
    }
    assert found["KVM_CAP_NR_VCPUS"][CapabilityPlace("check", "x86")].text == "by VM"
    store = FactStore(config.store_path)
    assert recalled(store, ["history mine"]) == {"history mine": found}
    assert json.loads(store.recall_all(["history mine"])["history mine"])
    store.close()
