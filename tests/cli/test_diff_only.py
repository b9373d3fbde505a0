"""caplint patch --diff-only: where files belong, what is skipped, and that hunks say nothing about what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import HEADER, QEMU_UAPI, UAPI, Caplint, Files, kernel, lay, qemu

JSON = ("--output-format", "json")
API = "Documentation/virt/kvm/api.rst"


def _diff(path: str, *lines: str, at: int = 40) -> str:
    counts = [sum(line[0] in marks for line in lines) for marks in (" -", " +")]
    body = "".join(f"{line}\n" for line in lines)
    return f"--- a/{path}\n+++ b/{path}\n@@ -{at},{counts[0]} +{at},{counts[1]} @@\n{body}"


MENTION = (" int a;", "+\tuse(KVM_CAP_HLT);")
PLAIN = (" int a;", "+int b;")


def _codes(out: str, key: str = "findings") -> list[str]:
    return [f"{entry['code']} {entry['subject']}" for entry in json.loads(out)[key]]


@pytest.fixture
def give(caplint: Caplint, tmp_path: Path, apart: Path):  # type: ignore[no-untyped-def]
    assert apart.is_dir()

    def run(diff: str, *words: str | Path):  # type: ignore[no-untyped-def]
        return caplint("patch", lay(tmp_path, {"p": diff}) / "p", "--diff-only", *words)

    return run


@pytest.mark.parametrize("lines", [MENTION, PLAIN])
@pytest.mark.parametrize(
    "path",
    [
        "kernel/fork.c", "tools/testing/selftests/kvm/x86_64/new_test.c", "tools/testing/selftests/kvm/a.h",
        "tools/kvm/kvm_stat/kvm_stat", "mm/memory.c", "drivers/vfio/vfio.c", "fs/eventfd.c", "lib/iov.c", "MAINTAINERS",
        "tools/arch/x86/include/asm/cpufeatures.h", "samples/kvm/x.c", "security/keys/x.c", "init/main.c", ".mailmap",
    ],
)  # fmt: skip
def test_files_of_the_kernel_that_are_not_read(give, path: str, lines: tuple[str, ...], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for words in ((), ("--for", "kernel"), ("--kernel", kernel(tmp_path / "k")), ("--qemu", qemu(tmp_path / "q"))):
        run = give(_diff(path, *lines), *words)
        assert (run.status, "on qemu" in run.out) == (0, False), run.err
        assert run.err == f"caplint: note: {tmp_path}/p: touches no file that caplint reads\n"
        assert "skipped: CAP101, " in run.out
        assert "(the patch touches no file that caplint reads)" in run.out
    assert json.loads(give(_diff(path, *lines), *JSON).out)["findings"] == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("arch/arm64/kvm/arm.c", "kernel"), ("virt/kvm/kvm_main.c", "kernel"), ("include/linux/kvm_host.h", "kernel"),
        ("arch/x86/include/asm/other.h", "kernel"), (UAPI, "kernel"), (API, "kernel"),
        ("hw/i386/x86.c", "qemu"), ("target/i386/kvm/kvm.c", "qemu"), ("util/x.c", "qemu"), ("migration/ram.c", "qemu"),
        (QEMU_UAPI, "qemu"), ("include/sysemu/kvm.h", "qemu"), ("src/qemu/qemu_process.c", "libvirt"),
        ("tools/virsh-domain.c", "libvirt"),
    ],
)  # fmt: skip
def test_files_that_are_read(give, path: str, name: str) -> None:  # type: ignore[no-untyped-def]
    run = give(_diff(path, *MENTION))
    assert run.status == 0, run.err
    assert f" on {name} ({name} (diff only)) in" in run.out
    assert "needs whole files; only the hunks of a diff are known of" in run.out


def test_a_file_of_several(give, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    several = _diff("tools/x.c", *MENTION)
    run = give(several)
    assert (run.status, run.out) == (2, "")
    assert "tools/x.c fits qemu and libvirt; choose with --for NAME" in run.err
    assert give(_diff("tools/x.c", *PLAIN)).status == 0, "it says nothing of KVM"
    for words in (("--for", "qemu"), ("--for", "vmm"), ("--qemu", qemu(tmp_path / "q", {"tools/x.c": "int a;\n"}))):
        assert " on qemu (qemu (diff only)) in" in give(several, *words).out
    assert " on qemu (qemu (diff only)) in" in give(several + _diff("hw/a.c", *PLAIN)).out
    assert " on libvirt (libvirt (diff only)) in" in give(several, "--for", "manager").out


def test_for_always_decides(give, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    both = ("--kernel", kernel(tmp_path / "k", {"hw/x.c": ""}), "--qemu", qemu(tmp_path / "q", {UAPI: ""}))
    assert " on qemu (qemu (diff only))" in give(_diff("include/uapi/x.h", *MENTION), "--for", "qemu").out
    assert " on kernel (kernel (diff only))" in give(_diff("include/hw/x.h", *MENTION), "--for", "linux").out
    assert "touches no file" in give(_diff("hw/x.c", *MENTION), "--for", "kernel", *both).err
    assert " on qemu (qemu (diff only))" in give(_diff("hw/x.c", *MENTION), "--for", "vmm", *both).out
    run = give(_diff(UAPI, *MENTION), "--for", "kernal")
    assert (run.status, run.err) == (2, "caplint: --for kernal: unknown tree; choose from kernel, qemu, libvirt\n")


def test_trees_that_are_given_decide_first(give, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """An old QEMU has the kernel's directories below another name; a fork of the kernel has a directory hw/."""
    fork = kernel(tmp_path / "k", {"include/hw/kvm.h": "int a;\n"})
    assert " on kernel (kernel (diff only))" in give(_diff("include/hw/kvm.h", *MENTION), "--kernel", fork).out
    added = "--- /dev/null\n+++ b/include/hw/new.h\n@@ -0,0 +1 @@\n+int KVM_CAP_HLT;\n"
    assert " on kernel (kernel (diff only))" in give(added, "--kernel", fork).out
    assert " on qemu (qemu (diff only))" in give(added).out


NEW = (" #define KVM_CAP_OTHER 9", "+#define KVM_CAP_NEW 9", " #define KVM_CAP_HLT 1")


def test_nothing_is_argued_from_absence(give, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Hunks of the header, the documentation and the VMM, beside whole trees, with and without the other side."""
    cases: dict[str, str] = {
        "CAP104": _diff(UAPI, " #define KVM_CAP_HLT 1", "+#define KVM_CAP_NEW 10"),
        "CAP103": _diff(QEMU_UAPI, " #define KVM_CAP_HLT 1", "+#define KVM_CAP_NEW 10"),
        "CAP602": _diff("accel/kvm/x.c", " int f(void) {", "+    g(kvm_check_extension(s, KVM_CAP_NEW));", " }"),
        "CAP502": _diff(API, " KVM_CAP_HLT is old.", "+KVM_CAP_NEW is new."),
        "CAP501": _diff(UAPI, " #define KVM_CAP_OLD 8", "-#define KVM_CAP_GONE 2", "+#define KVM_CAP_HLT 1")
        + _diff(API, "-KVM_CAP_OLD", "+KVM_CAP_HLT"),
    }  # fmt: skip
    for code, diff in cases.items():
        for words in (
            (),
            ("--qemu", qemu(tmp_path / "q")),
            ("--kernel", kernel(tmp_path / "k"), "--qemu", tmp_path / "q"),
        ):
            run = give(diff, *words, *JSON)
            assert (run.status, _codes(run.out), _codes(run.out, "resolved")) == (0, [], []), run.out
            reasons = {entry["code"]: entry["reason"] for entry in json.loads(run.out)["skipped_rules"]}
            assert code in reasons
            assert (
                code in {"CAP103", "CAP104", "CAP602"} or "needs whole files; only the hunks of a diff" in reasons[code]
            )


def test_what_hunks_do_tell(give, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert _codes(give(_diff(UAPI, *NEW), *JSON).out) == ["CAP102 KVM_CAP_NEW"]
    other = ("--qemu", qemu(tmp_path / "q", {QEMU_UAPI: f"{HEADER}#define KVM_CAP_NEW 11\n"}))
    run = give(_diff(UAPI, " #define KVM_CAP_HLT 1", "+#define KVM_CAP_NEW 10"), *other, *JSON)
    assert _codes(run.out) == ["CAP101 KVM_CAP_NEW"]


@pytest.mark.parametrize("files", [{}, {QEMU_UAPI: f"{HEADER}#define KVM_CAP_OLD 7\n"}])
def test_context_is_not_reported(give, tmp_path: Path, files: Files) -> None:  # type: ignore[no-untyped-def]
    """The context has a fault that the patch does not touch, or of which it moves the other half out of sight."""
    fault = (" #define KVM_CAP_A 8", " #define KVM_CAP_OLD 8")
    for change in (("+int x;",), ("-#define KVM_CAP_C 8",), ("-/* KVM_CAP_B */", "+/* KVM_CAP_C */")):
        run = give(_diff(UAPI, *fault, *change), "--qemu", qemu(tmp_path / "q", files), *JSON)
        assert _codes(run.out) == []
