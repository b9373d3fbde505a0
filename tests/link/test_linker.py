"""Links of a whole run, and the switch of its views to the trees before their patches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import UAPI, X86, bare_kernel, bare_qemu

from caplint.config.settings import Config
from caplint.link.linker import unpatched
from caplint.session import Session, open_session
from caplint.trees.overlay import OverlayTree

CHECK = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)\n{{\n\treturn ext == KVM_CAP_{};\n}}\n"
KCONFIG = 'config KVM\n\ttristate "k"\nconfig TEA\n\tbool{}\n'
KERNEL = {
    UAPI: "#define KVM_CAP_TEA 1\n", X86: CHECK.format("TEA"), "arch/x86/kvm/Kconfig": KCONFIG.format(' "tea"')
}  # fmt: skip
CHANGES = {
    UAPI: b"#define KVM_CAP_TEA 1\n#define KVM_CAP_CUP 2\n", X86: CHECK.format("CUP").encode(),
    "arch/x86/kvm/Kconfig": KCONFIG.format("").encode(),
}  # fmt: skip


@pytest.fixture
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    kernel = bare_kernel(tmp_path_factory.mktemp("k"), KERNEL)
    qemu = bare_qemu(tmp_path_factory.mktemp("q"), {"accel/kvm/kvm-all.c": "int q;\n"})
    opened = open_session([OverlayTree(kernel, CHANGES), qemu], Config(cache="none", jobs=1))
    try:
        yield opened
    finally:
        opened.store.close()


def _caps(session: Session, view: str) -> list[str]:
    return [cap for (cap,) in session.connection.execute(f"SELECT name FROM {view} WHERE role = 'kernel' ORDER BY 1")]


def test_both_sides_are_linked(session: Session) -> None:
    assert _caps(session, "cap") == ["KVM_CAP_CUP", "KVM_CAP_TEA"]
    assert _caps(session, "base_cap") == ["KVM_CAP_TEA"]
    assert list(session.connection.execute("SELECT cap FROM cap_check")) == [("KVM_CAP_CUP",)]
    assert session.configurations.possible("x86", "CONFIG_TEA") == 0


def test_without_its_patch_a_tree_shows_what_it_was(session: Session) -> None:
    before = unpatched(session.connection, session.configurations)
    for prefix in ("", "base_"):
        assert _caps(session, f"{prefix}cap") == ["KVM_CAP_TEA"]
        assert list(session.connection.execute(f"SELECT cap FROM {prefix}cap_check")) == [("KVM_CAP_TEA",)]
    assert list(session.connection.execute("SELECT * FROM changed_line")) == []
    assert list(session.connection.execute("SELECT * FROM pending_cap")) == []
    assert before.possible("x86", "CONFIG_TEA") == 1
    assert session.connection.execute("SELECT possible('x86', 'CONFIG_TEA')").fetchone() == (1,)


def test_a_tree_without_a_patch_stays(session: Session) -> None:
    paths = "SELECT path FROM file WHERE role = 'vmm' ORDER BY 1"
    kept = list(session.connection.execute(paths))
    assert kept
    unpatched(session.connection, session.configurations)
    assert list(session.connection.execute(paths)) == kept


def test_conditions_are_conjoined_in_queries(session: Session) -> None:
    query = "SELECT conjoin('CONFIG_B', 'CONFIG_A'), conjoin('1', 'CONFIG_A')"
    assert session.connection.execute(query).fetchone() == ("CONFIG_A && CONFIG_B", "CONFIG_A")
