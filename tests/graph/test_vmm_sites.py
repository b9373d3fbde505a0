"""Code of VMMs that checks or enables a capability or issues an ioctl, and who in the kernel receives it."""

from __future__ import annotations

import pytest
from conftest import QEMU_UAPI, UAPI, bare_kernel, bare_qemu
from programs import programs_of

from caplint.graph.call_graph import Programs
from caplint.graph.vmm_sites import VmmSite, is_request, issuers, uses_of

HEADER = "#define KVM_CAP_A 1\n#define KVM_CAP_B 2\n#define KVM_CAP_C 3\n#define KVM_RUN 4\n#define KVM_STOP 5\n"
CODE = """\
static const KVMCapabilityInfo wanted[] = { KVM_CAP_INFO(B), KVM_CAP_LAST_INFO };
int ask(KVMState *s)
{
    return kvm_check_extension(s, KVM_CAP_A);
}
int on(KVMState *s)
{
    return kvm_vm_enable_cap(s, KVM_CAP_A, 0, 1);
}
int run(CPUState *cpu)
{
    return kvm_vcpu_ioctl(cpu, KVM_RUN, 0);
}
int raw(int vcpu_fd)
{
#ifdef WIN32
    ioctl(vcpu_fd, KVM_RUN, 1);
#endif
    other(vcpu_fd, KVM_RUN);
    return ioctl(vcpu_fd, KVM_RUN, 0);
}
"""
MACRO = "#define STOP(s) kvm_vm_ioctl(s, KVM_STOP, 0)\n"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    root = tmp_path_factory.mktemp("sites")
    files = {QEMU_UAPI: HEADER, "accel/kvm/kvm-all.c": CODE, "include/m.h": MACRO}
    trees = [bare_kernel(root / "k", {UAPI: HEADER}), bare_qemu(root / "q", files)]
    return programs_of(trees, "KVM_")


def _short(site: VmmSite) -> tuple[str, str, str, tuple[str, ...]]:
    return site.holder.name, site.verb, site.callee, site.arguments


def test_checks_come_before_enables(programs: Programs) -> None:
    found = uses_of(programs, "KVM_CAP_A")
    assert [(site.holder.name, site.verb, site.callee) for site in found] == [
        ("ask", "check", "kvm_check_extension"), ("on", "enable", "kvm_vm_enable_cap"),
    ]  # fmt: skip
    assert [[(step.function, step.line, step.note) for step in site.calls] for site in found] == [
        [("kvm_check_extension", 4, "KVM_CAP_A")], [("kvm_vm_enable_cap", 8, "KVM_CAP_A")],
    ]  # fmt: skip
    assert uses_of(programs, "KVM_CAP_C") == []


def test_places_that_issue_an_ioctl(programs: Programs) -> None:
    assert [_short(site) for site in uses_of(programs, "KVM_RUN")] == [
        ("raw", "issue", "ioctl", ("vcpu_fd", "KVM_RUN")), ("run", "issue", "kvm_vcpu_ioctl", ("cpu", "KVM_RUN")),
    ]  # fmt: skip


def test_a_macro_that_issues_one(programs: Programs) -> None:
    (site,) = uses_of(programs, "KVM_STOP")
    assert _short(site) == ("STOP", "issue", "kvm_vm_ioctl", ("", "KVM_STOP"))
    assert (site.holder.path, site.holder.line, site.calls[0].edge) == ("include/m.h", 1, "direct")
    assert uses_of(programs, "KVM_NOTHING") == []


@pytest.mark.parametrize(
    ("entry", "arch", "names"),
    [
        ("kvm_vcpu_ioctl", None, ["raw", "run"]), ("kvm_vcpu_ioctl", "x86", ["raw", "run"]),
        ("kvm_vm_ioctl", None, []), ("kvm_dev_ioctl", None, []),
    ],
)  # fmt: skip
def test_who_issues_to_whom(programs: Programs, entry: str, arch: str | None, names: list[str]) -> None:
    (vmm,) = programs.of_role("vmm")
    assert [site.holder.name for site in issuers(programs, vmm, "KVM_RUN", entry, arch)] == names
    (kernel,) = programs.of_role("kernel")
    assert list(issuers(programs, kernel, "KVM_RUN", entry, arch)) == []


@pytest.mark.parametrize(
    ("label", "expected"),
    [("KVM_RUN", True), ("KVM_CAP_A", False), ("RUN", False), ("KVM_RUN + 1", False), ("", False), ("KVM_", True)],
)
def test_names_of_ioctls(label: str, expected: bool) -> None:
    assert is_request(label) is expected
