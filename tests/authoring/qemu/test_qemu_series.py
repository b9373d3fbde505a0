"""Every kind of capability in the small QEMU: patches, places, and what compilers find there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from qemu_series import NUMBER, REQUESTS, body, complaints, contents, written
from small_qemu import CPU, FILES, MACHINE, UAPI, X86

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


def test_nothing_is_enabled_unless_its_user_asks(tmp_path: Path) -> None:
    for number, (kind, request) in enumerate(REQUESTS.items()):
        text = "".join(contents(written(tmp_path / str(number), request)).values())
        assert ("kvm_vm_enable_cap(" in text or "kvm_vcpu_enable_cap(" in text) == request.enabled, kind
        assert (f'"x-{request.member.replace("_", "-")}"' in text) == request.has_state, kind


def test_a_register_is_moved_before_it_can_be_enabled(tmp_path: Path) -> None:
    made = written(tmp_path, REQUESTS["register"])
    _, state, enabling = made.topics
    assert set(state.files) == {CPU, MACHINE, X86}
    assert "has_msr_ppin = true;" not in state.files[X86].content.decode()
    assert "has_msr_ppin = true;" in enabling.files[X86].content.decode()
    files = contents(made)
    assert "#define MSR_PPIN                        0x4f\n" in files[CPU]
    for function, value in (("kvm_put_msrs", "env->msr_ppin"), ("kvm_get_msrs", "0")):
        assert f"    if (has_msr_ppin) {{\n        kvm_msr_entry_add(cpu, MSR_PPIN, {value});" in body(
            files[X86], function
        )
    assert "case MSR_PPIN:\n            env->msr_ppin = msrs[i].data;\n            break;" in files[X86]


def test_the_rest_of_each_file_stays(tmp_path: Path) -> None:
    for path, text in contents(written(tmp_path, REQUESTS["register"])).items():
        kept = iter(text.splitlines())
        assert all(line in kept for line in FILES[path].splitlines())
