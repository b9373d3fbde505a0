"""Self-test of a new capability: in which folder it stands, which Makefile builds it, and when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, bare_kernel
from written import SELFTESTS, kernel, workshop

from caplint.authoring.kernel.selftest import write
from caplint.authoring.request import parse
from caplint.authoring.topic import Topic
from caplint.authoring.uapi import write as define
from caplint.util.errors import CaplintError

LIBRARY = kernel().read(f"{SELFTESTS}/include/kvm_util.h").decode()
BUILDS = "TEST_GEN_PROGS_"


def _written(
    root: Path, files: dict[str, str], archs: tuple[str, ...] = ("x86",), library: str = LIBRARY
) -> tuple[dict[str, str], list[str]]:
    """The files below the folder of self-tests, and what people are asked."""
    own = {f"{SELFTESTS}/{path}": content for path, content in files.items()}
    if files:
        own[f"{SELFTESTS}/include/kvm_util.h"] = library
    header = "#ifndef A\n#define A\n#define KVM_CAP_A 1\n#endif\n"
    with workshop(bare_kernel(root, {UAPI: header, **own})) as place:
        topic = Topic(place, "subject", [])
        request = parse("KVM_CAP_X86_BELL" if archs == ("x86",) else "KVM_CAP_BELL", archs=archs)
        define(request, topic)
        write(request, topic)
        assert [found.path for found in topic.decisions] == [UAPI] * len(topic.decisions)
        written = {path: place.sheet(path).content.decode() for path in topic.files if path != UAPI}
        return {path.removeprefix(f"{SELFTESTS}/"): text for path, text in written.items()}, [
            found.question for found in topic.decisions
        ]


def test_it_stands_and_is_built_beside_the_architectures_others(tmp_path: Path) -> None:
    makefile = f"{BUILDS}x86_64 += x86_64/a_test\n{BUILDS}x86_64 += x86_64/b_test\n{BUILDS}s390x += s390x/c\n"
    files, asked = _written(tmp_path, {"Makefile": makefile})
    assert asked == []
    assert files.keys() == {"Makefile", "x86_64/bell_test.c"}
    assert files["Makefile"] == makefile.replace("b_test\n", f"b_test\n{BUILDS}x86_64 += x86_64/bell_test\n")
    assert "KVM_CAP_X86_BELL" in files["x86_64/bell_test.c"]


@pytest.mark.parametrize(
    ("makefile", "archs", "expected"),
    [
        # Beside those of the same folder, although others come later
        (f"{BUILDS}x86_64 = x86_64/a_test\n{BUILDS}x86_64 += memslot_test\n", ("x86",),
         (1, f"{BUILDS}x86_64 += x86_64/bell_test")),
        # The folder's name is the Makefile's.
        (f"{BUILDS}x86 += x86/a_test\n", ("x86",), (1, f"{BUILDS}x86 += x86/bell_test")),
        (f"{BUILDS}aarch64 += aarch64/a_test\n", ("arm64",), (1, f"{BUILDS}aarch64 += aarch64/bell_test")),
        # For all architectures, by one line if the Makefile knows a word for all
        (f"{BUILDS}COMMON += a_test\n{BUILDS}x86 += x86/b\n", (), (1, f"{BUILDS}COMMON += bell_test")),
        # Of several lines, some break a list of others
        (f"# tests\n{BUILDS}x86_64 += x86_64/a_test # why\n{BUILDS}x86_64+=x86_64/b_test\n", ("x86",),
         (3, f"{BUILDS}x86_64 += x86_64/bell_test")),
    ],
)  # fmt: skip
def test_one_line_builds_it(tmp_path: Path, makefile: str, archs: tuple[str, ...], expected: tuple[int, str]) -> None:
    files, _ = _written(tmp_path, {"Makefile": makefile}, archs)
    after, line = expected
    lines = makefile.splitlines()
    assert files["Makefile"].splitlines() == [*lines[:after], line, *lines[after:]]


def test_without_a_word_for_all_each_architecture_builds_it(tmp_path: Path) -> None:
    makefile = f"{BUILDS}x86_64 += x86_64/a\n{BUILDS}s390x += s390x/b\n{BUILDS}other += c\n"
    files, _ = _written(tmp_path, {"Makefile": makefile}, ())
    assert files["Makefile"].splitlines()[1::2] == [f"{BUILDS}x86_64 += bell_test", f"{BUILDS}s390x += bell_test"]
    assert "bell_test.c" in files


def test_two_architectures_share_a_test_above_their_folders(tmp_path: Path) -> None:
    makefile = f"{BUILDS}x86_64 += x86_64/a\n{BUILDS}s390x += s390x/b\n{BUILDS}aarch64 += aarch64/c\n"
    files, _ = _written(tmp_path, {"Makefile": makefile}, ("x86", "s390"))
    assert "bell_test.c" in files
    added = set(files["Makefile"].splitlines()) - set(makefile.splitlines())
    assert added == {f"{BUILDS}x86_64 += bell_test", f"{BUILDS}s390x += bell_test"}


def test_newer_makefiles_have_their_own_name(tmp_path: Path) -> None:
    files, _ = _written(tmp_path, {"Makefile": "include ../lib.mk\n", "Makefile.kvm": f"{BUILDS}x86 += x86/a\n"})
    assert files["Makefile.kvm"] == f"{BUILDS}x86 += x86/a\n{BUILDS}x86 += x86/bell_test\n"
    assert "Makefile" not in files


def test_without_a_makefile_it_stands_beside_the_others(tmp_path: Path) -> None:
    files, _ = _written(tmp_path, {"x86_64/a_test.c": "int x;\n"})
    assert files.keys() == {"x86_64/bell_test.c"}


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "it has no self-tests"),
        ({"Makefile": f"{BUILDS}s390x += s390x/b\n"}, f"{SELFTESTS}/Makefile builds none of x86"),
        ({"Makefile": "# nothing\n"}, f"{SELFTESTS}/Makefile builds none of x86"),
    ],
)
def test_people_are_asked_how_it_is_tested_without_a_place(tmp_path: Path, files: dict[str, str], why: str) -> None:
    written, (question,) = _written(tmp_path, files)
    assert written == {}
    assert question.startswith("How is KVM_CAP_X86_BELL tested?")
    assert why in question


@pytest.mark.parametrize("name", ["kvm_has_cap", "vm_check_cap", "vm_create_barebones", "__vcpu_ioctl"])
def test_a_library_without_a_function_that_the_test_calls(tmp_path: Path, name: str) -> None:
    library = LIBRARY.replace(name, "other")
    with pytest.raises(CaplintError, match=f"for a self-test: no header of {SELFTESTS}/include has {name}"):
        _written(tmp_path, {"Makefile": f"{BUILDS}x86_64 += x86_64/a\n"}, library=library)


def test_a_test_that_exists_is_kept(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match=r"x86_64/bell_test\.c exists already"):
        _written(tmp_path, {"Makefile": f"{BUILDS}x86_64 += x86_64/a\n", "x86_64/bell_test.c": "int x;\n"})
