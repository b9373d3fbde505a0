"""Call paths of each capability that a VMM uses: the best per verb and architecture, kept per state of the trees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import CHECK, HEADER, X86, kernel, qemu

from caplint.config.settings import Config
from caplint.facts.harvest import ExtractionSettings
from caplint.graph.path_model import Path as CallPath
from caplint.inventory.call_paths import chains
from caplint.session import Session, open_session
from caplint.trees.detect import directory_tree
from caplint.trees.tree import Tree

CONFIG = Config(cache="none", jobs=1)
READING = ExtractionSettings(CONFIG.repairs, CONFIG.jobs)
MAIN = """\
static long kvm_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_CHECK_EXTENSION:
		return kvm_vm_ioctl_check_extension(kvm, arg);
	}
	return -ENOTTY;
}
"""
VMM = {
    "accel/kvm/kvm-all.c": """\
int kvm_ioctl(KVMState *s, unsigned long type, void *arg)
{
    return ioctl(s->fd, type, arg);
}
int kvm_vm_check_extension(KVMState *s, int extension)
{
    return kvm_vm_ioctl(s, KVM_CHECK_EXTENSION, extension);
}
int kvm_vm_ioctl(KVMState *s, unsigned long type, void *arg)
{
    return ioctl(s->vmfd, type, arg);
}
int ask(KVMState *s)
{
    return kvm_vm_check_extension(s, KVM_CAP_HLT);
}
int lost(KVMState *s)
{
    return kvm_vm_check_extension(s, KVM_CAP_NR_VCPUS) + kvm_vm_enable_cap(s, KVM_CAP_NR_VCPUS, 0);
}
""",
    "system/main.c": "int main(void)\n{\n    return ask(0);\n}\n",
    "target/i386/kvm/kvm.c": "int more(KVMState *s)\n{\n    return kvm_vm_check_extension(s, KVM_CAP_HLT);\n}\n",
}


def _trees(root: Path) -> list[Tree]:
    files = {X86: CHECK, "arch/arm64/kvm/arm.c": CHECK, "virt/kvm/kvm_main.c": MAIN}
    return [directory_tree(str(kernel(root / "k", files))), directory_tree(str(qemu(root / "q", VMM)))]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    opened = open_session(_trees(tmp_path_factory.mktemp("pair")), CONFIG)
    yield opened
    opened.store.close()


def _ends(paths: list[CallPath]) -> list[tuple[str, str | None, str, str]]:
    return [(path.verb, path.arch, path.steps[0].function, path.steps[-1].edge) for path in paths]


def test_one_path_per_verb_and_architecture(session: Session) -> None:
    found = chains(session, READING, deep=False)
    assert set(found) == {"KVM_CAP_HLT", "KVM_CAP_NR_VCPUS"}
    (path,) = found["KVM_CAP_HLT"]
    assert (path.verb, path.arch, path.whole) == ("check", "x86", True)
    assert path.steps[0].function in {"ask", "more"}
    assert (path.steps[-1].edge, path.steps[-1].case) == ("case", "KVM_CAP_HLT")


def test_with_deep_a_path_begins_at_the_entry_and_a_whole_one_is_better(session: Session) -> None:
    found = chains(session, READING, deep=True)
    assert _ends(found["KVM_CAP_HLT"]) == [("check", "x86", "main", "case")]
    assert found["KVM_CAP_HLT"][0].whole
    (lost,) = [path for path in found["KVM_CAP_NR_VCPUS"] if path.verb == "check"]
    assert "lost (accel/kvm/kvm-all.c:" in lost.above


def test_without_a_vmm_there_is_none(tmp_path: Path) -> None:
    session = open_session(_trees(tmp_path)[:1], CONFIG)
    assert chains(session, READING, deep=False) == {}
    session.store.close()


def test_without_a_kernel_no_path_leads_to_a_case(tmp_path: Path) -> None:
    session = open_session(_trees(tmp_path)[1:], CONFIG)
    assert chains(session, READING, deep=False) == {"KVM_CAP_HLT": [], "KVM_CAP_NR_VCPUS": []}
    session.store.close()


def test_they_are_kept_until_the_trees_change(tmp_path: Path) -> None:
    config = replace(CONFIG, cache=str(tmp_path / "cache"))
    found = []
    for text in ("ask(0)", "ask(0)", "also(0)"):
        trees = _trees(tmp_path)
        (tmp_path / "q/system/main.c").write_text(
            f"int also(int a)\n{{\n    return ask(a);\n}}\nint main(void)\n{{\n    return {text};\n}}\n"
        )
        session = open_session(trees, config)
        kept = session.store.connection.execute("SELECT count(*) FROM memo WHERE name LIKE 'path %'").fetchone()
        ways = chains(session, READING, deep=True)
        found.append((kept[0], [step.function for step in ways["KVM_CAP_HLT"][0].steps][:3]))
        session.store.close()
    assert found[0] == (0, ["main", "ask", "kvm_vm_check_extension"])
    assert found[1] == (1, found[0][1])
    assert found[2][1] == ["main", "also", "ask"]


def test_names_of_headers_alone_are_no_uses(tmp_path: Path) -> None:
    trees = _trees(tmp_path)
    (tmp_path / "q/linux-headers/linux/kvm.h").write_text(f"{HEADER}#define KVM_CAP_UNUSED 77\n")
    session = open_session(trees, CONFIG)
    assert "KVM_CAP_UNUSED" not in chains(session, READING, deep=False)
    session.store.close()
