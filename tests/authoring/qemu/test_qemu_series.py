"""Every kind of capability in the small QEMU: patches, places, and what compilers find there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from qemu_series import IOCTL, NUMBER, REQUESTS, complaints, contents, written
from small_qemu import ARM, CPU, FILES, MACHINE, S390, SHARED, STATE, UAPI, X86

from caplint.authoring.topic import MARK

_WIDEST = 80


def test_the_small_qemu_is_understood_by_compilers(tmp_path: Path) -> None:
    assert not complaints(tmp_path, {})


@pytest.mark.parametrize("kind", REQUESTS)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_what_is_written_is_c_without_warnings(tmp_path: Path, kind: str, compiler: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler} here")
    files = contents(written(tmp_path / "qemu", REQUESTS[kind]))
    assert not complaints(tmp_path, files, compiler)


@pytest.mark.parametrize("kind", REQUESTS)
def test_lines_are_as_wide_as_qemu_wants_and_end_clean(tmp_path: Path, kind: str) -> None:
    for path, text in contents(written(tmp_path, REQUESTS[kind])).items():
        if path != UAPI:
            assert not [
                line for line in text.splitlines() if len(line) > _WIDEST or line != line.rstrip() or "\t" in line
            ]


@pytest.mark.parametrize("kind", REQUESTS)
def test_the_header_is_a_patch_of_its_own_and_comes_first(tmp_path: Path, kind: str) -> None:
    first, *others = written(tmp_path, REQUESTS[kind]).topics
    assert set(first.files) == {UAPI}
    assert "laceholder" in first.subject
    assert "not to be merged" in " ".join(first.body)
    assert not any(UAPI in topic.files for topic in others)
    assert f"#define {REQUESTS[kind].name} {NUMBER}\n" in first.files[UAPI].content.decode()


@pytest.mark.parametrize("kind", REQUESTS)
def test_each_decision_of_the_code_is_listed(tmp_path: Path, kind: str) -> None:
    made = written(tmp_path, REQUESTS[kind])
    comments = sum(text.count(f"{MARK} (") for text in contents(made).values())
    listed = [decision for decision, _ in made.decisions if decision.anchor.startswith(MARK)]
    assert comments == len({(found.path, found.anchor) for found in listed}) > 0


def test_a_mask_is_asked_for_before_it_is_enabled(tmp_path: Path) -> None:
    text = contents(written(tmp_path, REQUESTS["mask"]))[X86]
    body = _function(text, "kvm_vm_enable_new")
    order = ["!s->cap_new", "kvm_vm_check_extension(s, KVM_CAP_X86_NEW)", "known <= 0", "-ENOTSUP",
             "(known & bits) != bits", "kvm_vm_enable_cap(s, KVM_CAP_X86_NEW, 0, bits)", "error_report"]  # fmt: skip
    places = [body.index(words) for words in order[:-1]] + [body.rindex(order[-1])]
    assert places == sorted(places)
    assert "ret = kvm_vm_enable_new(s);\n    if (ret < 0) {\n        return ret;" in _function(text, "kvm_arch_init")


def test_bits_are_not_tested_in_an_answer_that_is_a_yes(tmp_path: Path) -> None:
    body = _function(contents(written(tmp_path, REQUESTS["high bits"]))[X86], "kvm_vm_enable_new")
    assert "(known & bits)" not in body
    assert "kvm_vm_enable_cap(s, KVM_CAP_X86_NEW, 0, bits)" in body


def test_a_size_is_compared_with_the_answer(tmp_path: Path) -> None:
    text = contents(written(tmp_path, REQUESTS["size"]))[SHARED]
    assert "s->cap_new_size > known" in _function(text, "kvm_vm_enable_new_size")
    assert "uint64_t cap_new_size;" in contents(written(tmp_path / "again", REQUESTS["size"]))[STATE]


def test_errors_leave_as_the_function_leaves(tmp_path: Path) -> None:
    shared = contents(written(tmp_path / "a", REQUESTS["descriptor"]))[SHARED]
    assert "    if (ret < 0) {\n        goto err;\n    }\n\n    return 0;\n\nerr:" in _function(shared, "kvm_init")
    vcpu = _function(contents(written(tmp_path / "b", REQUESTS["vcpu on x86"]))[X86], "kvm_arch_init_vcpu")
    assert "    r = kvm_vcpu_enable_new(cs);\n    if (r < 0) {\n        goto fail;\n    }\n\n    return 0;" in vcpu
    s390 = contents(written(tmp_path / "c", REQUESTS["vcpu on s390"]))[S390]
    assert "    return kvm_vcpu_enable_new(cs);" in _function(s390, "kvm_arch_init_vcpu")
    arm = contents(written(tmp_path / "d", REQUESTS["bool on arm64"]))[ARM]
    assert "    if (ret >= 0) {\n        ret = kvm_vm_enable_new(s);\n    }\n\n    return ret;" in _function(
        arm, "kvm_arch_init"
    )
    arm = contents(written(tmp_path / "e", REQUESTS["vcpu on arm64"]))[ARM]
    assert "        return ret;\n    }\n\n    return kvm_vcpu_ioctl(cs, 2);" in _function(arm, "kvm_arch_init_vcpu")


def test_nothing_is_enabled_unless_its_user_asks(tmp_path: Path) -> None:
    for number, (kind, request) in enumerate(REQUESTS.items()):
        text = "".join(contents(written(tmp_path / str(number), request)).values())
        assert ("kvm_vm_enable_cap(" in text or "kvm_vcpu_enable_cap(" in text) == request.enabled, kind
        assert (f'"x-{request.member.replace("_", "-")}"' in text) == request.has_state, kind


def test_an_ioctl_is_issued_where_its_capability_is_there(tmp_path: Path) -> None:
    files = contents(written(tmp_path / "a", REQUESTS["ioctl"]))
    body = _function(files[X86], "kvm_vm_set_new")
    order = ["!s->cap_new", "kvm_vm_check_extension(s, KVM_CAP_X86_NEW)", "known <= 0", "-ENOTSUP",
             "(known & bits) != bits", "kvm_vm_ioctl(s, KVM_SET_NEW, &args)", "ret < 0", "strerror(-ret)"]  # fmt: skip
    places = [body.index(words) for words in order]
    assert places == sorted(places)
    assert f"#define KVM_SET_NEW _IOW(KVMIO, {IOCTL:#x}, struct kvm_set_new)\n" in files[UAPI]
    s390 = contents(written(tmp_path / "b", REQUESTS["ioctl of a vcpu"]))[S390]
    assert "ret = kvm_vcpu_ioctl(cs, KVM_S390_NEW, NULL);" in _function(s390, "kvm_vcpu_s390_new")


def test_only_asking_keeps_the_answer(tmp_path: Path) -> None:
    files = contents(written(tmp_path, REQUESTS["query"]))
    assert "    s->cap_new = kvm_vm_check_extension(s, KVM_CAP_NEW);\n" in _function(files[SHARED], "kvm_init")
    assert "    int cap_new;\n};\n" in files[STATE]


def test_a_register_is_moved_before_it_can_be_enabled(tmp_path: Path) -> None:
    made = written(tmp_path, REQUESTS["register"])
    _, state, enabling = made.topics
    assert set(state.files) == {CPU, MACHINE, X86}
    assert "has_msr_ppin = true;" not in state.files[X86].content.decode()
    assert "has_msr_ppin = true;" in enabling.files[X86].content.decode()
    files = contents(made)
    assert "#define MSR_PPIN                        0x4f\n" in files[CPU]
    for function, value in (("kvm_put_msrs", "env->msr_ppin"), ("kvm_get_msrs", "0")):
        assert f"    if (has_msr_ppin) {{\n        kvm_msr_entry_add(cpu, MSR_PPIN, {value});" in _function(
            files[X86], function
        )
    assert "case MSR_PPIN:\n            env->msr_ppin = msrs[i].data;\n            break;" in files[X86]


def test_a_subsection_is_sent_only_if_its_value_would_be_lost(tmp_path: Path) -> None:
    text = contents(written(tmp_path, REQUESTS["register"]))[MACHINE]
    assert "return cpu->env.msr_ppin != 0;" in _function(text, "msr_ppin_needed")
    assert "    .needed = msr_ppin_needed,\n    .fields = (const VMStateField[]) {\n" in text
    assert "        &vmstate_msr_hwcr,\n        &vmstate_msr_ppin,\n        NULL\n" in text


def test_a_reset_zeroes_what_guests_write_and_keeps_what_they_cannot(tmp_path: Path) -> None:
    kept = contents(written(tmp_path / "a", REQUESTS["register"]))[CPU]
    assert kept.index("end_reset_fields") < kept.index("uint64_t msr_ppin;") < kept.index("#if defined(CONFIG_KVM)")
    zeroed = contents(written(tmp_path / "b", REQUESTS["register to write"]))[CPU]
    assert zeroed.index("uint64_t msr_new;") < zeroed.index("end_reset_fields")


def test_a_number_that_qemu_has_is_not_defined_again(tmp_path: Path) -> None:
    text = contents(
        written(tmp_path, REQUESTS["register"], {CPU: ("#define MSR_HWCR", "#define MSR_PPIN 0x4f\n#define MSR_HWCR")})
    )
    assert text[CPU].count("#define MSR_PPIN") == 1


def test_the_style_of_the_neighbour_is_kept(tmp_path: Path) -> None:
    made = written(tmp_path, REQUESTS["register"], {MACHINE: ("(const VMStateField[]) {", "(VMStateField[]){")})
    assert contents(made)[MACHINE].count("    .fields = (VMStateField[]){\n") == 2


def test_headers_are_included_once_and_only_where_they_lack(tmp_path: Path) -> None:
    files = contents(written(tmp_path, REQUESTS["size"]))
    for header in ("qapi/error.h", "qapi/visitor.h", "qemu/error-report.h"):
        assert files[SHARED].count(f'#include "{header}"') == 1


def test_the_rest_of_each_file_stays(tmp_path: Path) -> None:
    for path, text in contents(written(tmp_path, REQUESTS["register"])).items():
        kept = iter(text.splitlines())
        assert all(line in kept for line in FILES[path].splitlines())


def _function(text: str, name: str) -> str:
    match = re.search(rf"^[^\n;]*\b{name}\([^;{{]*\)\n{{\n.*?^}}\n", text, re.MULTILINE | re.DOTALL)
    assert match
    return match[0]
