"""Self-tests that count: code in files that the Makefiles build."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import bare_kernel

from caplint.link.docs.selftest_builds import built_files
from caplint.link.docs.selftest_code import SelftestCode

DIRECTORY = "tools/testing/selftests/kvm"
FILES = {
    "a_test.c": b'#include "test_util.h"\n#include <x86/processor.h>\n',
    "x86/a_test.c": b"",
    "x86/b_test.c": b'#include "../lib/common.c"\n',
    "lib/x86/svm.c": b"",
    "lib/common.c": b"",
    "include/test_util.h": b'#include "deep.h"\n',
    "include/deep.h": b'#include "test_util.h"\n',
    "include/x86/processor.h": b"",
    "include/arm64/processor.h": b"",
    "include/unused.h": b"",
}
COMMON = ["a_test.c", "include/deep.h", "include/test_util.h", "include/x86/processor.h"]
MAKEFILES = [
    ("TEST_GEN_PROGS_x86 += a_test\n", COMMON),
    ("TEST_GEN_PROGS_x86 := \\\n\ta_test \\\n\tx86/b_test\n", [*COMMON, "lib/common.c", "x86/b_test.c"]),
    ("TEST_GEN_PROGS = a_test # x86/b_test\n#TEST_GEN_PROGS += x86/a_test\n", COMMON),
    ("LIBKVM += lib/x86/svm.c\nTEST_GEN_PROGS_$(ARCH) += a_test\n", [*COMMON, "lib/x86/svm.c"]),
    ("SPLIT_TESTS += a_test\n", [*COMMON, "x86/a_test.c"]),
    ("OBJ := x86/a_test.o\nx: y\n\tTEST = a_test\n", ["x86/a_test.c"]),
    ("ifeq ($(ARCH),x86)\nTEST_GEN_PROGS += a_test\nendif\n", COMMON),
    ("TEST_GEN_PROGS := $(wildcard *_test.c)\n", list(FILES)),
    ("include Makefile.other\n", list(FILES)),
    ("", list(FILES)),
]


@pytest.mark.parametrize(("makefile", "expected"), MAKEFILES)
def test_what_a_makefile_builds(makefile: str, expected: list[str]) -> None:
    files = {f"{DIRECTORY}/{path}": content for path, content in FILES.items()}
    found = built_files(DIRECTORY, files, [makefile.encode()], files.__getitem__)
    assert found == sorted(f"{DIRECTORY}/{path}" for path in expected)


def test_two_makefiles_and_none() -> None:
    paths = [f"{DIRECTORY}/{name}.c" for name in "abc"]
    makefiles = [b"include Makefile.kvm\n", b"TEST_GEN_PROGS = b\n"]
    assert built_files(DIRECTORY, paths, makefiles, lambda _: b"") == paths[1:2]
    assert built_files(DIRECTORY, reversed(paths), [], lambda _: b"") == paths


NAMED = [
    ("x = KVM_CAP_A;", ["KVM_CAP_A"]),
    ("#define NEED KVM_CAP_A", ["KVM_CAP_A"]),
    ("/* KVM_CAP_A */ // KVM_CAP_A", []),
    ('puts("KVM_CAP_A");', []),
    ("#if 0\nx = KVM_CAP_A;\n#endif", []),
    ("#ifdef __x86_64__\nx = KVM_CAP_A;\n#endif", ["KVM_CAP_A"]),
    ("/* KVM_CAP_A */ x = KVM_CAP_A; y = KVM_CAP_B;", ["KVM_CAP_A", "KVM_CAP_B"]),
]


@pytest.mark.parametrize(("code", "expected"), NAMED)
def test_names_in_code(tmp_path: Path, code: str, expected: list[str]) -> None:
    tree = bare_kernel(tmp_path, {f"{DIRECTORY}/a.c": f"{code}\n"})
    tests = SelftestCode(tree)
    (path,) = tests.built
    assert (path, [name.cap for name in tests.names(path)]) == (f"{DIRECTORY}/a.c", expected)
